// Runs what @llm/quantize writes as ONNX in onnxruntime-node, onnxruntime-web (its WebAssembly, in Node) and transformers.js, installed into a
// temporary folder:
//   npm run build && node tests/interop/onnx.mjs [--modules FOLDER] [--write] [--speed]
// Tiny Llamas, Qwen2, Qwen3 and GPT-2 in every format, with their cache: logits beside ours over the same rounded matrices, rows padded on the
// left, weights beside the graph, and the same greedy tokens. Exit code 1 where they differ.
// --modules keeps what is installed, or takes what is there; --write writes the fingerprints of the files to onnx/proven.json, which the unit
// tests compare with; --speed measures tokens/s of a larger model beside ours.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { generate, greedy, kvCache } from '@llm/model';
import { calibrateRanges, minMaxRange, onnxQdq } from '@llm/quantize';
import { saveOnnx } from '@llm/quantize/node';
import { disposeTree, tensor, useDevice } from '@llm/tensor';
import { chatTemplate, chatTemplateConfig, templates, tokenizerToText } from '@llm/tokenizer';
import { plainEnv } from '../../tools/pack.mjs';
import { run } from '../../tools/run.mjs';
import { fingerprint, FORMATS, NAMES, onnxCase } from './onnx/cases.mjs';
import { measure } from './onnx/measure.mjs';
import { asQ4, asQ8, asStatic } from './onnx/rounded.mjs';
import { openSession } from './onnx/session.mjs';

const PACKAGES = ['onnxruntime-node@1.30.0', '@huggingface/transformers@4.3.1'];
const PROMPTS = ['The quick brown fox jumps over', 'It is 1984'];
const TOKENS = 16;

const { values: flags } = parseArgs({ options: { modules: { type: 'string' }, write: { type: 'boolean', default: false }, speed: { type: 'boolean', default: false } } });
const folder = mkdtempSync(join(tmpdir(), 'llm-onnx-'));
let failures = 0;
const check = (holds, text) => {
  if (!holds) failures++;
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${text}`);
};

/** The runtimes, installed where nothing of the workspace is in sight. */
async function runtimes() {
  const place = resolve(flags.modules ?? join(folder, 'modules'));
  const at = (path) => join(place, 'node_modules', path);
  if (!existsSync(at('onnxruntime-node'))) {
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    const { code, output } = await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...PACKAGES], { cwd: place, env: plainEnv(), seconds: 600 });
    if (code !== 0) throw new Error(`npm install of ${PACKAGES.join(', ')} failed:\n${output}`);
  }
  console.log(['onnxruntime-node', 'onnxruntime-web', '@huggingface/transformers'].map((name) => `${name} ${JSON.parse(readFileSync(at(`${name}/package.json`), 'utf8')).version}`).join(', '));
  const web = await import(pathToFileURL(at('onnxruntime-web/dist/ort.node.min.mjs')));
  web.env.wasm.numThreads = 1;
  const transformers = await import(pathToFileURL(at('@huggingface/transformers/dist/transformers.node.mjs')));
  transformers.env.allowRemoteModels = false;
  transformers.env.localModelPath = folder;
  return { ort: createRequire(join(place, 'package.json'))(at('onnxruntime-node')), web, transformers };
}

/** Logits of a prompt and of each greedy token behind it, through our cache; the tokens, and how far each is ahead of the next best. */
function ourRun(model, params, prompt) {
  const cache = kvCache(model.shape, { batch: 1, capacity: prompt.length + TOKENS });
  const [logits, tokens, margins] = [[], [], []];
  for (let ids = prompt; tokens.length < TOKENS; ids = [tokens.at(-1)]) {
    const found = model.apply(params, { ids: tensor(Int32Array.from(ids), [1, ids.length], 'int32'), cache }).dataSync();
    logits.push(found);
    const last = found.subarray(found.length - model.shape.vocabSize);
    const [best, next] = [...last.keys()].sort((a, b) => last[b] - last[a]);
    margins.push(last[best] - last[next]);
    tokens.push(best);
  }
  cache.dispose();
  return { logits, tokens, margins };
}

const difference = (a, b) => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

/** The same prompt and the same tokens, one by one, in a session: how far apart the logits of each position are. */
async function positionsApart(ort, { model, file, half, expected, prompt }) {
  const open = await openSession(ort, file, { shape: model.shape, half });
  const vocabulary = model.shape.vocabSize;
  const apart = [];
  open.reset();
  for (const [i, logits] of expected.logits.entries()) {
    const found = await open.step([i === 0 ? prompt : [expected.tokens[i - 1]]]);
    for (let at = 0; at < found.length; at += vocabulary) apart.push(difference(found.subarray(at, at + vocabulary), logits.subarray(at, at + vocabulary)));
  }
  await open.release();
  return apart;
}

/** Two rows of unequal length, the short one padded on the left, beside each row alone. */
async function paddedApart(ort, { model, file, prompts: [long, short] }) {
  const open = await openSession(ort, file, { shape: model.shape, half: false });
  const vocabulary = model.shape.vocabSize;
  const pad = new Array(long.length - short.length).fill(0);
  open.reset(2);
  await open.step([long, [...pad, ...short]], [long.map(() => 1), [...pad, ...short.map(() => 1)]]);
  const both = await open.step([[7], [9]]);
  let most = 0;
  for (const [row, prompt, next] of [[0, long, 7], [1, short, 9]]) {
    open.reset();
    await open.step([prompt]);
    most = Math.max(most, difference(await open.step([[next]]), both.subarray(row * vocabulary, (row + 1) * vocabulary)));
  }
  await open.release();
  return most;
}

async function theirTokens(transformers, { id, dtype, texts }) {
  const tokenizer = await transformers.AutoTokenizer.from_pretrained(id);
  tokenizer.padding_side = 'left';
  const model = await transformers.AutoModelForCausalLM.from_pretrained(id, { dtype, device: 'cpu' });
  const inputs = tokenizer(texts, { padding: true });
  // An end that no token is, so that all rows go on.
  const output = await model.generate({ ...inputs, max_new_tokens: TOKENS, do_sample: false, eos_token_id: [1_000_000] });
  await model.dispose();
  return output.tolist().map((row) => row.slice(inputs.input_ids.dims[1]).map(Number));
}

/** How far files that round states were followed to within 1e-3, run by run. */
const followed = new Map();

async function checkFormat({ name, id, model, tree, prompt, format, most: bound, steps, asked }, { ort, web, transformers }) {
  const file = join(folder, id, 'onnx', `model${format.suffix}.onnx`);
  const expected = ourRun(model, tree, prompt);
  // What follows a state that fell to the other side differs by a step.
  const most = bound ?? Number((0.2 * Math.max(...expected.logits.map((each) => difference(each, each.map(() => 0))))).toPrecision(2));
  const said = [];
  let worst = 0;
  for (const [runtime, source] of [['node', file], ['web', readFileSync(file)]]) {
    const apart = await positionsApart(runtime === 'node' ? ort : web, { model, file: source, half: format.type === 'float16', expected, prompt });
    const exact = apart.findIndex((each) => each > 1e-3);
    if (steps) followed.set(format.suffix, [...followed.get(format.suffix) ?? [], exact < 0 ? 'whole' : exact > 0 ? 'begun' : 'lost']);
    worst = Math.max(worst, ...apart);
    said.push(`${runtime} ${Math.max(...apart).toExponential(1)}${steps && exact >= 0 ? ` (the first ${exact} within 1e-3)` : ''}`);
  }
  check(worst <= most, `${name.padEnd(18)} ${format.suffix.padEnd(15)} ${(statSync(file).size / 1e3).toFixed(0).padStart(5)} kB  logits of ${prompt.length + TOKENS - 1} positions within ${most}: ${said.join(', ')}`);
  if (!asked) return;
  const [theirs] = await theirTokens(transformers, { id, dtype: format.name, texts: PROMPTS.slice(0, 1) });
  // Up to where two tokens are as close as the logits are apart.
  const close = expected.margins.findIndex((margin) => margin <= 2 * worst);
  const decided = close < 0 ? TOKENS : close;
  check(theirs.slice(0, decided).join() === expected.tokens.slice(0, decided).join(), `${name.padEnd(18)} ${format.suffix.padEnd(15)} transformers.js, dtype ${format.name}: ${decided === TOKENS ? 'all' : `the first ${decided} of`} ${TOKENS} greedy tokens as ours${decided === TOKENS ? '' : ', then two are too close'}`);
}

async function checkModel(name, tools) {
  const { ort, transformers } = tools;
  const { model, params, tokenizer } = await onnxCase(name);
  const id = name.replaceAll(' ', '-');
  const prompts = PROMPTS.map((text) => [...tokenizer.encode(text)]);
  const [first] = prompts;
  const ranges = await calibrateRanges(model, params, {
    batches: [{ rows: 1, length: first.length, ids: Int32Array.from(first), positions: Int32Array.from(first.keys()), segments: new Int32Array(first.length), packed: false, restarts: false }], method: minMaxRange(),
  });
  const cases = [
    ...FORMATS.map(({ q4, steps, reduceRange, ...rest }) => ({ ...rest, steps, tree: q4 !== undefined ? asQ4(model, params, q4) : steps ? asQ8(model, params, { reduceRange }) : params, asked: !rest.format.suffix.startsWith('_q4_') })),
    { format: onnxQdq({ ranges }), steps: true, tree: asStatic(model, params, ranges), asked: false },
  ];
  const { chatml } = templates;
  const tokenizerFiles = { json: tokenizerToText(tokenizer), config: { ...chatTemplateConfig(chatml), pad_token: '<|endoftext|>' } };
  await saveOnnx(join(folder, id), { model, params, formats: cases.map(({ format }) => format), tokenizer: tokenizerFiles });
  for (const each of cases) await checkFormat({ ...each, name, id, model, prompt: first }, tools);

  const padded = await paddedApart(ort, { model, file: join(folder, id, 'onnx/model.onnx'), prompts });
  check(padded <= 1e-3, `${name.padEnd(18)} padded on the left beside each row alone: logits within ${padded.toExponential(1)}`);
  const ours = PROMPTS.map(() => []);
  for await (const { row, id: token } of generate(model, params, prompts, { maxTokens: TOKENS, eosIds: [], sampler: greedy })) ours[row].push(token);
  const theirs = await theirTokens(transformers, { id, dtype: 'fp32', texts: PROMPTS });
  check(theirs.join('; ') === ours.join('; '), `${name.padEnd(18)} transformers.js, rows of ${prompts.map(({ length }) => length).join(' and ')} tokens at once: the same greedy tokens as ours`);
  await saveOnnx(join(folder, `${id}-beside`), { model, params, tokenizer: tokenizerFiles, external: true });
  const beside = await theirTokens(transformers, { id: `${id}-beside`, dtype: undefined, texts: PROMPTS });
  check(beside.join('; ') === ours.join('; '), `${name.padEnd(18)} transformers.js, weights beside the graph, no dtype said: the same greedy tokens as ours`);
  const messages = [{ role: 'user', content: 'Hello there' }];
  const rendered = (await transformers.AutoTokenizer.from_pretrained(id)).apply_chat_template(messages, { tokenize: false, add_generation_prompt: true });
  check(rendered === chatTemplate(chatml).render(messages, { addGenerationPrompt: true }), `${name.padEnd(18)} transformers.js renders the chat template as here`);
  const hashes = {};
  for (const { format } of FORMATS) hashes[format.suffix] = await fingerprint(model, params, format);
  disposeTree(params);
  return hashes;
}

try {
  const tools = await runtimes();
  await useDevice('wasm', { threads: 1 });
  const proven = {};
  for (const name of NAMES) proven[name] = await checkModel(name, tools);
  for (const [suffix, runs] of followed) {
    const [whole, begun] = ['whole', 'begun'].map((kind) => runs.filter((each) => each === kind).length);
    check(whole + begun >= runs.length / 2 && whole > 0, `${suffix.padEnd(18)} states rounded as here all the way in ${whole} of ${runs.length} runs, at first in ${begun} more`);
  }
  if (failures === 0 && flags.write) writeFileSync(new URL('onnx/proven.json', import.meta.url), `${JSON.stringify(proven, null, 2)}\n`);
  if (flags.speed) await measure(tools.ort, join(folder, 'speed'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures === 0 ? 'all as ours' : `${failures} differ`);
process.exit(failures === 0 ? 0 : 1);
