import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { latestCheckpoint, loadCheckpoint } from './load-checkpoint.ts';

/** Another seed is another twenty moments: `LLM_KILL_SEED=7`. */
const SEED = Number(process.env.LLM_KILL_SEED ?? 1);
const KILLS = 20;
const STEPS = 130;
/** Lines that a life prints at most before it is killed from outside: twenty lives come to about half of the run, and not to its end. */
const LINES = 8;

let folder: string;
let program: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'killed-training-'));
  program = join(folder, 'program.mjs');
  await build({
    stdin: { contents: PROGRAM, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
    conditions: ['@llm/source'], bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'error',
    // What tfjs is in Node asks for Node's modules in the way of CommonJS.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    // Other devices than the one that is asked for.
    external: ['webgpu', 'gpu.js'],
  });
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/**
 * A small language model that trains on two threads and saves after every step. `killAt` counts the operations on the disk of
 * this process: at that one it kills itself, before it (0), after it (1), or, of a write, when half of the bytes are written.
 */
const PROGRAM = `
import { createModel } from '@llm/model';
import { linearCrossEntropy, tensor, useDevice } from '@llm/tensor';
import { adamw } from '../adamw.ts';
import { resumeTraining, saveTraining } from '../node/save-training.ts';
import { cosine } from '../schedules/cosine.ts';
import { startTraining, train } from '../train.ts';
import { nodeFs } from './file-system.ts';
import { lockRun } from './lock-run.ts';

const [run, killAt, when] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const tell = (line) => process.stdout.write(line + '\\n');
tell('started');
const die = () => process.kill(process.pid, 'SIGKILL');

let operations = 0;
async function counted(operation, half) {
  const last = ++operations === killAt;
  if (last && half !== undefined) await half();
  if (last && (half !== undefined || when === '0')) die();
  const result = await operation();
  if (last) die();
  return result;
}
const fs = {
  ...Object.fromEntries(['makeFolder', 'list', 'bytes', 'rename', 'remove', 'syncFolder'].map((name) => [name, (...args) => counted(() => nodeFs[name](...args))])),
  async create(path) {
    const file = await counted(() => nodeFs.create(path));
    return {
      write: (bytes) => counted(() => file.write(bytes), () => file.write(bytes.subarray(0, bytes.length >> 1))),
      sync: () => counted(() => file.sync()),
      close: () => counted(() => file.close()),
    };
  },
  async *read(path) {
    await counted(async () => {});
    yield* nodeFs.read(path);
  },
};

await lockRun(run);
await useDevice('wasm', { threads: 2 });
const [rows, length, vocab] = [2, 16, 64];
const model = createModel({ model_type: 'llama', vocab_size: vocab, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 1, num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: length, tie_word_embeddings: true });
const loss = (params, { ids, targets }, { denominator }) => linearCrossEntropy(
  model.hidden(params, { ids: tensor(ids, [rows, length], 'int32') }), model.head(params), tensor(targets, [rows, length], 'int32'), { denominator },
);
/** The batches from step \`from\` on: where a run goes on, the data do. */
function* batches(from) {
  for (let step = from; ; step++) {
    const at = (i) => (step * 31 + i * i * 7 + i) % vocab;
    const ids = Int32Array.from({ length: rows * length }, (_, i) => at(i));
    yield { ids, targets: ids.map((_, i) => at(i + 1)), targetCount: rows * length };
  }
}
const config = { steps: ${STEPS} };
const optimizer = adamw({ lr: cosine(1e-2, { warmupSteps: 5, steps: ${STEPS} }) });
const params = model.init(0);
const restored = await resumeTraining(run, { params, optimizer, config, fs });
const state = restored?.state ?? startTraining(params, optimizer);
tell('from ' + state.step);
for await (const step of train({ params, loss, batches: batches(state.step), optimizer, state, steps: ${STEPS} })) {
  if (!Number.isFinite(step.loss)) throw new Error('a loss of ' + step.loss);
  const { problems } = await saveTraining(run, { params, state, config, fs });
  if (problems.length > 0) throw new Error(problems.join());
  tell('saved ' + state.step);
}
tell('operations ' + operations);
process.exit();
`;

/** A number in [0, 1) that depends on the seed and on what it is for. */
function chance(what: string): number {
  return createHash('sha256').update(`${SEED} ${what}`).digest().readUInt32BE() / 2 ** 32;
}

interface Ended {
  readonly signal: string | null;
  readonly errors: string;
  /** The step it went on from, and the last one it said it had saved. */
  readonly from: number | undefined;
  readonly saved: number | undefined;
  readonly operations: number | undefined;
  readonly seconds: number;
}

/** Runs the program; it kills itself at `operation`, or is killed `milliseconds` after its line number `lines`. */
async function live(run: string, { operation = 0, after = false, lines = Infinity, milliseconds = 0 }: { operation?: number; after?: boolean; lines?: number; milliseconds?: number } = {}): Promise<Ended> {
  const child = spawn(process.execPath, [program, run, String(operation), after ? '1' : '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors, seen] = ['', '', 0];
  child.stderr.setEncoding('utf8').on('data', (text: string) => { errors += text; });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    const found = output.split('\n').length - 1;
    if (seen < lines && found >= lines) setTimeout(() => child.kill('SIGKILL'), milliseconds);
    seen = found;
  });
  const begun = performance.now();
  const signal = await new Promise<string | null>((resolve) => { child.on('close', (_code, name) => resolve(name)); });
  const last = (word: string): number | undefined => {
    const text = [...output.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].at(-1)?.[1];
    return text === undefined ? undefined : Number(text);
  };
  return { signal, errors, from: last('from'), saved: last('saved'), operations: last('operations'), seconds: (performance.now() - begun) / 1000 };
}

const finalFiles = ['model.safetensors', 'optimizer.safetensors', 'training.json'];
const hashes = (run: string): Promise<string[]> => Promise.all(finalFiles.map(async (name) => createHash('sha256').update(await readFile(join(run, `step-${STEPS}`, name))).digest('hex')));

test.skipIf(process.platform === 'win32')('training killed at twenty random moments ends with the bits of training that nobody disturbed', async () => {
  const quiet = join(folder, 'quiet');
  const whole = await live(quiet);
  expect(whole).toMatchObject({ signal: null, errors: '', from: 0, saved: STEPS });
  const perStep = { operations: whole.operations! / STEPS, milliseconds: 1000 * whole.seconds / STEPS };
  expect(perStep.operations).toBeGreaterThan(50);

  const run = join(folder, 'run');
  const told: string[] = [];
  let [reached, halves] = [0, 0];
  for (let kill = 0; kill < KILLS; kill++) {
    // In turn: at an operation on the disk, in the middle of a write too, and at a time, wherever that is in starting, computing or saving.
    const [place, fine] = [chance(`place ${kill}`), chance(`fine ${kill}`)];
    const ended = await live(run, kill % 2 === 0
      ? { operation: 1 + Math.floor(place * LINES * perStep.operations), after: fine < 0.5 }
      : { lines: 1 + Math.floor(place * LINES), milliseconds: 1.5 * fine * perStep.milliseconds });
    expect(ended, `kill ${kill} of seed ${SEED}`).toMatchObject({ signal: 'SIGKILL', errors: '' });
    expect(ended.from ?? reached, `kill ${kill} of seed ${SEED}`).toBe(reached);

    const names = await readdir(run);
    halves += names.filter((name) => /\.(?:tmp|removed)-/.test(name)).length;
    // Not only the newest one: whatever calls itself a checkpoint is whole.
    for (const name of names) if (/^step-\d+(?:\.replaced-\d+)?$/.test(name)) await loadCheckpoint(join(run, name));
    const step = (await latestCheckpoint(run))?.step ?? 0;
    const saved = ended.saved ?? reached;
    // The kill may have come between a save and its line.
    expect([saved, saved + 1], `kill ${kill} of seed ${SEED}`).toContain(step);
    told.push(`${step}${kill % 2 === 0 ? '' : '*'}`);
    reached = step;
  }
  expect(reached).toBeGreaterThan(5);

  const last = await live(run);
  expect(last).toMatchObject({ signal: null, errors: '', from: reached, saved: STEPS });
  expect(await hashes(run)).toEqual(await hashes(quiet));
  expect((await readdir(run)).filter((name) => /\.(?:tmp|removed|replaced)-/.test(name))).toEqual([]);
  console.info(`killed-training.test: seed ${SEED}, ${KILLS} kills, went on from steps ${told.join(' ')} of ${STEPS} (* killed from outside), ${halves} half-written files swept, a step and its save in ${perStep.milliseconds.toFixed(0)} ms`);
}, 180_000);
