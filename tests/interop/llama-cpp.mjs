// Loads what @llm/quantize writes as GGUF in llama.cpp (the npm package node-llama-cpp, installed into a temporary folder):
//   npm run build && node tests/interop/llama-cpp.mjs [--modules FOLDER] [--write]
// A tiny Llama, Llama 3, Qwen2, Qwen3 and GPT-2 in several types: the first 32 greedy tokens and their probabilities beside
// ours over the same file, and the ids of some texts.
// Exit code 1 where they differ. --modules keeps what is installed, or takes what is there; --write writes llama.cpp's answers to
// llama-cpp/answers.json, which the unit tests compare with.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { disposeTree, useDevice } from '@llm/tensor';
import { plainEnv } from '../../tools/pack.mjs';
import { run } from '../../tools/run.mjs';
import { CASES, ourAnswer, TOKENS, toleranceOf } from './llama-cpp/our-answer.mjs';
import { NAMES, TEXTS, tinyModel } from './llama-cpp/tiny-models.mjs';

const PACKAGE = 'node-llama-cpp@3.22.1';

const { values: flags } = parseArgs({ options: { modules: { type: 'string' }, write: { type: 'boolean', default: false } } });
const folder = mkdtempSync(join(tmpdir(), 'llm-llama-cpp-'));
let failures = 0;
const check = (holds, text) => {
  if (!holds) failures++;
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${text}`);
};

/** node-llama-cpp, installed where nothing of the workspace is in sight. */
async function llamaCpp() {
  const place = resolve(flags.modules ?? join(folder, 'modules'));
  if (!existsSync(join(place, 'node_modules/node-llama-cpp'))) {
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    const { code, output } = await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', PACKAGE], { cwd: place, env: plainEnv(), seconds: 600 });
    if (code !== 0) throw new Error(`npm install of ${PACKAGE} failed:\n${output}`);
  }
  const { getLlama } = await import(pathToFileURL(join(place, 'node_modules/node-llama-cpp/dist/index.js')));
  const { release } = JSON.parse(readFileSync(join(place, 'node_modules/node-llama-cpp/llama/binariesGithubRelease.json'), 'utf8'));
  console.log(`${PACKAGE}, llama.cpp ${release}`);
  return { llama: await getLlama({ gpu: false, build: 'never', logLevel: 'error' }), release };
}

/** What llama.cpp answers, and the ids it gives the texts. */
async function theirAnswer(llama, path, prompt) {
  const model = await llama.loadModel({ modelPath: path, useMmap: false });
  const context = await model.createContext({ contextSize: 128, threads: 1 });
  const tokens = [];
  const given = [];
  for await (const { token, confidence } of context.getSequence().evaluateWithMetadata(prompt, { confidence: true }, { temperature: 0, yieldEogToken: true })) {
    tokens.push(token);
    given.push(Number(confidence.toFixed(5)));
    if (tokens.length === TOKENS) break;
  }
  const ids = TEXTS.map((text) => [...model.tokenize(text, false)]);
  await context.dispose();
  await model.dispose();
  return { tokens, probabilities: given, ids };
}

try {
  const { llama, release } = await llamaCpp();
  await useDevice('wasm', { threads: 1 });
  const answers = [];
  const texts = {};
  for (const name of NAMES) {
    const made = await tinyModel(name);
    for (const [, mixture] of CASES.filter(([model]) => model === name)) {
      const ours = await ourAnswer(made, mixture);
      const path = join(folder, `${name}-${mixture}.gguf`);
      writeFileSync(path, ours.file);
      const theirs = await theirAnswer(llama, path, ours.prompt);
      const differs = theirs.tokens.findIndex((token, i) => token !== ours.tokens[i]);
      const apart = Math.max(...theirs.probabilities.map((probability, i) => Math.abs(probability - ours.probabilities[i])));
      const tokens = differs < 0 ? `the same ${theirs.tokens.length} tokens` : `token ${differs} is ${theirs.tokens[differs]} in llama.cpp and ${ours.tokens[differs]} here`;
      check(differs < 0 && theirs.tokens.length === TOKENS && apart <= toleranceOf(mixture), `${name} ${mixture}: ${tokens}, ${new Set(ours.tokens).size} different ones, probabilities within ${apart.toFixed(5)}, ${ours.file.length} bytes`);
      answers.push({ model: name, mixture, sha256: ours.sha256, tokens: theirs.tokens, probabilities: theirs.probabilities });
      texts[name] = theirs.ids;
    }
    const wrong = TEXTS.filter((text, i) => made.tokenizer.encode(text).join() !== texts[name].at(i).join());
    check(wrong.length === 0, `${name}: ${wrong.length === 0 ? `the same ids for ${TEXTS.length} texts` : `other ids for ${JSON.stringify(wrong)}`}`);
    disposeTree(made.params);
  }
  if (flags.write) writeFileSync(new URL('llama-cpp/answers.json', import.meta.url), `${JSON.stringify({ llamaCpp: release, answers, texts })}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures === 0 ? 'llama.cpp answers as we do.' : `${failures} differences.`);
process.exit(failures === 0 ? 0 : 1);
