import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as ours from '@llm/tokenizer';
import { pythonPeer } from './python-peer.mjs';
import { median, stopwatch } from './statistics.mjs';
import { corpora } from './tokenizer-corpora.mjs';

// gpt-tokenizer is what the tests of the package compare it with, and brings the ranks.
const { resolve } = createRequire(new URL('../packages/tokenizer/package.json', import.meta.url));
const option = (name) => process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);

// A part to warm up with, and three that are measured: no text comes twice.
const PARTS = 4;
const VOCABULARIES = [
  { title: 'GPT-2', name: 'r50k_base', pattern: ours.gpt2Split },
  { title: 'cl100k', name: 'cl100k_base', pattern: ours.cl100kSplit },
  { title: 'o200k', name: 'o200k_base', pattern: ours.o200kSplit },
];

const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const rate = (bytes, seconds) => bytes / seconds / 1e6;
const middle = (values) => (values.length === 0 ? undefined : median(values));
const spread = (values) => `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;

/** The documents in parts of about the same size that end with a line, each a text and a file. Newer tiktoken has a rule of its own for whitespace at the end. */
function partsOf({ documents }, folder, name) {
  const all = documents.join('\n').toWellFormed();
  const ends = Array.from({ length: PARTS + 1 }, (_, i) => (i === 0 ? 0 : i === PARTS ? all.length : all.indexOf('\n', (all.length * i) / PARTS)));
  return Array.from({ length: PARTS }, (_, i) => {
    const text = all.slice(ends[i], ends[i + 1]).trim();
    const file = join(folder, `${name}-${i}.txt`);
    writeFileSync(file, text);
    return { text, file, bytes: Buffer.byteLength(text) };
  });
}

async function encoding({ title, name, pattern }, texts, { peer, cpu, log }) {
  const ranks = resolve(`gpt-tokenizer/encoding/${name}`).replace(/[\\/](cjs|esm)[\\/].*$/, `/data/${name}.tiktoken`);
  const theirs = await import(pathToFileURL(resolve(`gpt-tokenizer/encoding/${name}`)).href);
  await peer?.ask({ task: 'load', cpu, name, ranks });
  const rows = [];
  for (const [language, parts] of Object.entries(texts)) {
    // A new one for each language, so that it knows nothing of the texts.
    const tokenizer = ours.readTiktoken(readFileSync(ranks, 'utf8'), { pattern });
    const rates = { ours: [], tiktoken: [], gpt: [], decode: [], theirDecode: [] };
    for (const [round, { text, file, bytes }] of parts.entries()) {
      let lap = stopwatch(cpu);
      const ids = tokenizer.encode(text);
      const seconds = lap();
      lap = stopwatch(cpu);
      const back = tokenizer.decode(ids);
      back.charCodeAt(back.length >> 1); // puts the parts of the string together
      const decodeSeconds = lap();
      if (back !== text) throw new Error(`tokenizer: expected ${title} to decode ${language} to the same text but found another. Look for the first difference.`);
      const answer = await peer?.ask({ task: 'encode', cpu, name, file });
      if (answer && answer.sha256 !== sha256(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength))) {
        throw new Error(`tokenizer: expected the ids of tiktoken for ${title}, ${language}, but found others (${ids.length} and ${answer.tokens}). Look for the first difference.`);
      }
      const decoded = await peer?.ask({ task: 'decode', cpu, name });
      // A tenth of the text is enough for what takes ten times as long.
      const piece = text.slice(0, text.length / 10);
      lap = stopwatch(cpu);
      theirs.encode(piece, { disallowedSpecial: new Set() });
      const gptSeconds = lap();
      if (round === 0) continue;
      rates.ours.push(rate(bytes, seconds));
      rates.decode.push(rate(bytes, decodeSeconds));
      rates.gpt.push(rate(Buffer.byteLength(piece), gptSeconds));
      if (answer) rates.tiktoken.push(rate(bytes, answer.seconds));
      if (decoded) rates.theirDecode.push(rate(bytes, decoded.seconds));
    }
    const own = median(rates.ours);
    const [native, gpt] = [middle(rates.tiktoken), median(rates.gpt)];
    rows.push(
      {
        name: `encode ${language}, ${title}, one core`, value: `${own.toFixed(1)} MB/s`, figure: own, ...(native === undefined ? {} : { ratio: own / native }), ratios: { 'gpt-tokenizer': own / gpt },
        note: `${native === undefined ? 'no tiktoken' : `${(own / native).toFixed(2)}× tiktoken (${native.toFixed(1)}, ids equal)`}, ${(own / gpt).toFixed(1)}× gpt-tokenizer (${gpt.toFixed(2)}); ${spread(rates.ours)}`,
      },
      { name: `decode ${language}, ${title}, one core`, value: `${median(rates.decode).toFixed(0)} MB/s`, figure: median(rates.decode), ...(native === undefined ? {} : { ratio: median(rates.decode) / median(rates.theirDecode) }), note: spread(rates.decode) },
    );
    log(rows.slice(-2));
  }
  return rows;
}

/** 32,768 ids from the same documents, file for file. */
async function training(sources, folder, { peers, cpu, bytes, log }) {
  const rows = [];
  for (const [language, { documents }] of Object.entries(sources)) {
    const few = [];
    let size = 0;
    for (const document of documents) {
      if (size >= bytes / (language === 'Chinese' ? 4 : 1)) break;
      few.push(document.toWellFormed());
      size += Buffer.byteLength(document);
    }
    const file = join(folder, `${language}.json`);
    writeFileSync(file, JSON.stringify(few));
    const seconds = { ours: [], 'one core': [], 'all cores': [] };
    for (let round = 0; round < 3; round++) {
      const lap = stopwatch(cpu);
      const tokenizer = await ours.trainBpe(few, { vocabSize: 32_768 });
      seconds.ours.push(lap());
      const saved = sha256(ours.tokenizerToText(tokenizer));
      for (const [name, peer] of Object.entries(peers)) {
        const answer = await peer?.ask({ task: 'train', cpu, file, vocab_size: 32_768 });
        if (!answer) continue;
        if (answer.sha256 !== saved) throw new Error(`tokenizer: expected the tokenizer.json of Hugging Face for ${language} but found another (${tokenizer.size} and ${answer.tokens} ids). Compare their merges.`);
        seconds[name].push(answer.seconds);
      }
    }
    const own = median(seconds.ours);
    const against = Object.keys(peers).filter((name) => seconds[name].length > 0).map((name) => ({ name, ratio: median(seconds[name]) / own }));
    rows.push({
      name: `train 32k, ${language}, ${(size / 1e6).toFixed(0)} MB`, value: `${own.toFixed(2)} s`, figure: own, ...(against[0] ? { ratio: against[0].ratio } : {}), ratios: Object.fromEntries(against.map(({ name, ratio }) => [name, ratio])),
      note: against.length === 0 ? 'no tokenizers' : `${against.map(({ name, ratio }) => `${ratio.toFixed(2)}× Hugging Face on ${name}`).join(', ')}, the same file; ${Math.min(...seconds.ours).toFixed(2)} to ${Math.max(...seconds.ours).toFixed(2)} s`,
    });
    log(rows.slice(-1));
  }
  return rows;
}

/**
 * Byte-level BPE beside tiktoken, gpt-tokenizer and Hugging Face `tokenizers`: `--megabytes=16` of each corpus, `--train-megabytes=8`;
 * `--english=path`, `--chinese=path`, `--code=path` for other texts.
 */
export async function tokenizer({ cpu = false }) {
  const [megabytes, trained] = [Number(option('megabytes') ?? 16), Number(option('train-megabytes') ?? 8)];
  const folder = mkdtempSync(join(tmpdir(), 'tokenizer-'));
  // What takes minutes says how far it is.
  const log = (rows) => rows.forEach((row) => console.error(`  ${row.name}: ${row.value}, ${row.note}`));
  const [one, all] = [
    await pythonPeer('tokenizer_peer.py', { env: { ...process.env, TOKENIZERS_PARALLELISM: 'false', RAYON_NUM_THREADS: '1' } }), await pythonPeer('tokenizer_peer.py', { env: { ...process.env, TOKENIZERS_PARALLELISM: 'true' } }),
  ];
  try {
    const sources = corpora(megabytes * 1e6, { english: option('english'), chinese: option('chinese'), code: option('code') });
    for (const [name, { source, documents }] of Object.entries(sources)) console.error(`  ${name}: ${documents.length} documents, ${source}`);
    const texts = Object.fromEntries(Object.entries(sources).map(([name, corpus]) => [name, partsOf(corpus, folder, name)]));
    const rows = [];
    for (const vocabulary of VOCABULARIES) rows.push(...await encoding(vocabulary, texts, { peer: one, cpu, log }));
    rows.push(...await training(sources, folder, { peers: { 'one core': one, 'all cores': all }, cpu, bytes: trained * 1e6, log }));
    return rows;
  } finally {
    one?.close();
    all?.close();
    rmSync(folder, { recursive: true });
  }
}
