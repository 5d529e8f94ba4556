// Decides about thousands of documents with @llm/data-quality and with datatrove (from PyPI, in a throw-away environment):
//   npm run build && node tests/interop/datatrove.mjs [--python PATH] [--documents N] [--seed N] [--texts FOLDER]... [--list N] [--language zh | ja [--alpha SHARE]]
// For every document: the reason of each filter, the text that C4 and FineWeb's whole recipe leave, and MinHash signatures, byte for byte.
// Every difference is listed. Exit code 1 where more than 0.5 % of the answers of a filter differ. --python takes an interpreter that has datatrove;
// each --texts folder gives documents of its own beside Markdown, code, Chinese, garbage and seeded changes of all of them. With --language the
// documents are those of the folders, and words are that language's: jieba's or Sudachi's there, Intl.Segmenter's here, so that answers may differ.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { c4Paragraph, c4Quality, createMinhash, finewebFilters, finewebQuality, gopherQuality, gopherRepetition, segmenterSentences, segmenterWords } from '@llm/data-quality';
import { plainEnv } from '../../tools/pack.mjs';
import { run } from '../../tools/run.mjs';
import { documents } from './datatrove/documents.mjs';

const PACKAGES = ['datatrove==0.10.1', 'spacy==3.8.18', 'regex', 'nltk', 'numpy', 'xxhash<4', 'tokenizers', 'fasteners', 'jieba', 'sudachipy', 'sudachidict_core'];
const ALLOWED = 0.005;

const { values: flags } = parseArgs({
  options: { python: { type: 'string' }, documents: { type: 'string', default: '2800' }, seed: { type: 'string', default: '1' }, texts: { type: 'string', multiple: true, default: [] }, list: { type: 'string', default: '20' }, language: { type: 'string' }, alpha: { type: 'string', default: '0.7' } },
});
const folder = mkdtempSync(join(tmpdir(), 'llm-datatrove-'));

/** An interpreter that has datatrove. */
async function python() {
  if (flags.python) return flags.python;
  const place = join(folder, 'venv');
  for (const [command, args] of [['python3', ['-m', 'venv', place]], [join(place, 'bin/pip'), ['install', '--quiet', ...PACKAGES]]]) {
    const { code, output } = await run(command, args, { env: plainEnv(), seconds: 900 });
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${output}`);
  }
  return join(place, 'bin/python');
}

const hashed = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
const { language } = flags;
const STOP_WORDS = { zh: ['的', '了', '在', '是', '和', '有', '不', '我'], ja: ['の', 'に', 'は', 'を', 'た', 'が', 'で', 'て'] };
const words = language && segmenterWords(language);
const own = language ? { words, sentences: segmenterSentences(language) } : {};
const quality = language ? { minAvgWordLength: 1, minAlphaWordsRatio: Number(flags.alpha), stopWords: STOP_WORDS[language], ...own } : {};
const lenient = { filterNoTerminalPunct: false, ...own };
const filters = { gopherRepetition: gopherRepetition(own), gopherQuality: gopherQuality(quality), c4Quality: c4Quality(language ? lenient : {}), c4Lenient: c4Quality(lenient), c4Paragraph: c4Paragraph(), finewebQuality: finewebQuality(own) };
const recipe = finewebFilters({ repetition: own, quality, c4: own, fineweb: own });
const minhashes = language ? {} : { xxhash: createMinhash(), sha1: createMinhash({ hash: 'sha1' }) };

/** The same answers as answers.py gives. */
function ourAnswer(document) {
  const reasons = {}, texts = {}, signatures = {};
  const decide = (name, list) => {
    let current = document;
    for (const filter of list) {
      const verdict = filter.check(current);
      if (!verdict.keep) return { reason: verdict.reason, text: null };
      current = verdict.document ?? current;
    }
    return { reason: null, text: hashed(current.text) };
  };
  for (const [name, list] of [...Object.entries(filters).map(([each, filter]) => [each, [filter]]), ['recipe', recipe]]) {
    const { reason, text } = decide(name, list);
    reasons[name] = reason;
    if (['c4Quality', 'c4Lenient', 'recipe'].includes(name)) texts[name] = text;
  }
  for (const [name, minhash] of Object.entries(minhashes)) {
    const signature = minhash.signature(document.text);
    signatures[name] = signature ? hashed(new Uint8Array(signature.buffer, signature.byteOffset, signature.byteLength)) : null;
  }
  return { reasons, texts, signatures };
}

try {
  const bank = documents(Number(flags.documents), { seed: Number(flags.seed), folders: flags.texts }).filter(({ kind }) => !language || flags.texts.includes(kind));
  const [asked, answered] = ['documents.jsonl', 'answers.jsonl'].map((name) => join(folder, name));
  writeFileSync(asked, bank.map(({ id, text }) => `${JSON.stringify({ id, text })}\n`).join(''));
  const { code, output } = await run(await python(), [fileURLToPath(new URL('datatrove/answers.py', import.meta.url)), asked, answered, ...(language ? [language, flags.alpha] : [])], { env: plainEnv(), seconds: 3600 });
  if (code !== 0) throw new Error(`answers.py failed:\n${output}`);
  const theirs = new Map(readFileSync(answered, 'utf8').trim().split('\n').map((line) => JSON.parse(line)).map((row) => [row.id, row]));

  const kinds = Map.groupBy ? Map.groupBy(bank, ({ kind }) => kind) : new Map(bank.map(({ kind }) => [kind, bank.filter((each) => each.kind === kind)]));
  console.log(`${bank.length} documents, ${(Buffer.byteLength(bank.map(({ text }) => text).join('')) / 1e6).toFixed(1)} MB: ${[...kinds].map(([kind, list]) => `${list.length} ${kind}`).join('; ')}`);
  const tallies = new Map();
  const differences = [];
  for (const document of bank) {
    const mine = ourAnswer(document);
    const other = theirs.get(document.id);
    for (const [group, label] of [['reasons', ''], ['texts', ' text'], ['signatures', ' signature']]) {
      for (const [name, value] of Object.entries(mine[group])) {
        const key = `${name}${label}`;
        const tally = tallies.get(key) ?? { equal: 0, differ: 0, kept: 0, reasons: new Set() };
        tallies.set(key, tally);
        const given = other[group][name];
        if (group === 'reasons') tally.reasons.add(given ?? 'kept');
        if (given === value) tally.equal++;
        else {
          tally.differ++;
          differences.push({ key, document, mine: value, theirs: given });
        }
      }
    }
  }
  for (const [key, { equal, differ, reasons }] of tallies) console.log(`${differ === 0 ? 'ok  ' : 'DIFF'} ${key.padEnd(24)} ${equal} equal, ${differ} differ${reasons.size > 0 ? `; ${reasons.size} different answers` : ''}`);
  for (const { key, document, mine, theirs: given } of differences.slice(0, Number(flags.list))) console.log(`\n${key} of document ${document.id} (${document.kind}): datatrove ${given}, here ${mine}\n${JSON.stringify(document.text.slice(0, 300))}`);
  if (words) {
    const apart = bank.map(({ id, text }) => words(text).length / theirs.get(id).words - 1);
    console.log(`\nwords: ${(100 * (apart.reduce((sum, each) => sum + each, 0) / apart.length)).toFixed(1)} % more here in the mean, ${(100 * (apart.reduce((sum, each) => sum + Math.abs(each), 0) / apart.length)).toFixed(1)} % apart`);
  }
  const worst = Math.max(...[...tallies.values()].map(({ equal, differ }) => differ / (equal + differ)));
  console.log(`\n${differences.length} of ${[...tallies.values()].reduce((sum, { equal, differ }) => sum + equal + differ, 0)} answers differ, at most ${(100 * worst).toFixed(2)} % of one filter's.`);
  process.exitCode = worst > ALLOWED && !language ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
