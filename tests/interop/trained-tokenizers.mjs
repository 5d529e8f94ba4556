// Trains tokenizers with @llm/tokenizer and with Hugging Face `tokenizers`, and as GPT-4 and nanochat do with rustbpe, and compares the files:
//   pip install tokenizers==0.23.3 rustbpe==0.1.0
//   npm run build && PYTHON=python3 node tests/interop/trained-tokenizers.mjs [--bytes 3000000] [--only KIND]... [--corpus NAME] [--size N]
// Three corpora made from the installed packages (see trained-tokenizers/corpora.mjs), and every kind of training at several sizes. Exit code 1 where
// a file is not the same to the byte, but for these:
// - With a prefix or a suffix (WordPiece, CLIP) the reference numbers characters in the order of a hash table with a random seed. We train on the
//   words that it cuts the corpus into, in an order that brings characters as it has numbered them, and have to give the same file to the byte.
//   That both cut the documents into the same words is compared by counting them. The time is that of training on the documents.
// - Of Unigram the reference adds up in such an order, so that its own runs differ. Pieces have to be the same, scores within 1e-9, and all around
//   them to the byte. Where that is not so the reference trains a second time: its two runs may be as far from each other as we are from the nearer.
// Times are of one thread each, on whatever else the machine does, without reading the files.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tokenizerFromJson } from '@llm/tokenizer';
import { corpora } from './trained-tokenizers/corpora.mjs';
import { fileDifference, unigramDifference } from './trained-tokenizers/differences.mjs';
import { KINDS } from './trained-tokenizers/kinds.mjs';

const { values: flags } = parseArgs({ options: { bytes: { type: 'string', default: '3000000' }, only: { type: 'string', multiple: true }, corpus: { type: 'string' }, size: { type: 'string' } } });
const folder = mkdtempSync(join(tmpdir(), 'llm-trained-'));
const read = (path) => readFileSync(path, 'utf8');
const seconds = ({ wall, cpu }) => `${wall.toFixed(1)} (${cpu.toFixed(1)})`;

/** The reference trains all jobs; gives how long each took, or why it was refused. */
async function trainThere(jobs) {
  const path = join(folder, 'jobs.json');
  writeFileSync(path, JSON.stringify(jobs));
  const peer = fileURLToPath(new URL('trained-tokenizers/peer.py', import.meta.url));
  const child = spawn(process.env.PYTHON ?? 'python3', [peer, path], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, RAYON_NUM_THREADS: '1', TOKENIZERS_PARALLELISM: 'false' } });
  const ended = once(child, 'close');
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(JSON.parse(line));
  const [code] = await ended;
  if (code !== 0) throw new Error(`expected the reference to end with 0 but found ${code}`);
  const [versions, ...took] = lines;
  return { versions, took };
}

async function trainHere({ ours }, documents, size) {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  try {
    const text = await ours(documents, size);
    const { user, system } = process.cpuUsage(cpu);
    return { text, wall: (performance.now() - wall) / 1000, cpu: (user + system) / 1e6 };
  } catch (error) {
    return { refused: error.message };
  }
}

function* repeated(words) {
  for (const [word, count] of words) for (let i = 0; i < count; i++) yield word;
}

/** Words that are not cut off the documents as often as the reference does it. */
function cutDifferently({ tokenizer }, words, documents) {
  const unknown = '\ue000unknown';
  const vocab = Object.fromEntries([unknown, ...words.map(([word]) => word)].map((word, id) => [word, id]));
  const cut = tokenizerFromJson({ ...tokenizer, model: { type: 'WordLevel', vocab, unk_token: unknown } });
  const counts = new Map();
  for (const document of documents) for (const id of cut.encode(document)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return (counts.get(0) ?? 0) + words.filter(([, count], i) => counts.get(i + 1) !== count).length;
}

const texts = Object.fromEntries(Object.entries(corpora(Number(flags.bytes))).filter(([name]) => (flags.corpus ?? name) === name));
let failures = 0;
try {
  const jobs = Object.keys(texts).flatMap((corpus) => {
    const path = join(folder, `${corpus}.json`);
    writeFileSync(path, JSON.stringify(texts[corpus]));
    console.log(`${corpus}: ${texts[corpus].length} documents, ${(Buffer.byteLength(texts[corpus].join('')) / 1e6).toFixed(2)} MB`);
    return Object.entries(KINDS).filter(([kind]) => flags.only === undefined || flags.only.includes(kind)).flatMap(([kind, settings]) => settings.sizes.filter((size) => Number(flags.size ?? size) === size).map((size) => ({
      kind, size, name: corpus, corpus: path, out: join(folder, `${corpus} ${Object.keys(KINDS).indexOf(kind)} ${size}`), trainer: settings.trainer, tokenizer: settings.tokenizer, prefix: settings.prefix, suffix: settings.suffix,
      ...((settings.prefix ?? settings.suffix) !== undefined && { words: join(folder, `${corpus} ${Object.keys(KINDS).indexOf(kind)} ${size} words`) }),
    })));
  });
  const { versions, took } = await trainThere(jobs);
  console.log(`tokenizers ${versions.tokenizers}, Python ${versions.python}; seconds of wall (of processor), one thread each: there, here`);
  for (const [i, job] of jobs.entries()) {
    const settings = KINDS[job.kind];
    const words = job.words === undefined || took[i].refused !== undefined ? undefined : JSON.parse(read(job.words));
    const here = await trainHere(settings, texts[job.name], job.size);
    if (words) here.text = await settings.ours(repeated(words), job.size);
    const { holds, text } = await compare(job, { here, there: took[i], words, settings });
    if (!holds) failures++;
    console.log(`${holds ? 'ok  ' : 'FAIL'} ${job.name}, ${job.kind}, ${job.size}: ${text}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures === 0 ? 'All files as the reference has them.' : `${failures} differences.`);
process.exit(failures === 0 ? 0 : 1);

async function compare(job, { here, there, words, settings }) {
  if (here.refused ?? there.refused) return { holds: here.refused !== undefined && there.refused !== undefined, text: `refused there (${there.refused ?? 'not'}) and here (${here.refused ?? 'not'})` };
  const times = `${seconds(there)}, ${seconds(here)} s`;
  const theirs = read(job.out);
  if (settings.unigram) {
    const tell = ({ only, lost, apart, sizes }) => `${sizes[0]} pieces, ${only.length + lost} others, scores within ${apart.toExponential(1)}`;
    const first = unigramDifference(here.text, theirs);
    if (first.around && isNear(first, { only: [], lost: 0, apart: 1e-9 })) return { holds: true, text: `${tell(first)}; ${times}` };
    const again = { ...job, out: `${job.out} again` };
    await trainThere([again]);
    const [second, own] = [unigramDifference(here.text, read(again.out)), unigramDifference(theirs, read(again.out))];
    const [nearer] = [first, second].sort((a, b) => a.only.length - b.only.length || a.lost - b.lost || a.apart - b.apart);
    return { holds: nearer.around && isNear(nearer, own), text: `${tell(nearer)}; of two runs there ${tell(own)}; ${times}` };
  }
  const different = fileDifference(here.text, theirs, settings);
  const cut = words === undefined ? 0 : cutDifferently(settings, words, texts[job.name]);
  return { holds: different === undefined && cut === 0, text: `${different ?? `the same ${here.text.length} characters`}${words ? `, ${words.length} different words${cut === 0 ? '' : `, ${cut} of them cut differently`}` : ''}; ${times}` };
}

function isNear(found, bound) {
  return found.only.length <= bound.only.length && found.lost <= bound.lost && found.apart <= bound.apart;
}
