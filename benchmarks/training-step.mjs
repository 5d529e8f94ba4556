import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createModel } from '@llm/model';
import { batches, causalLoss, packDocuments } from '@llm/pretrain';
import { countParameters, disposeTree, memory, useDevice } from '@llm/tensor';
import { adamw, startTraining, train } from '@llm/train';
import { median } from './statistics.mjs';

export const SMALL = { layers: 4, width: 128, heads: 4, vocabulary: 4096, length: 128, batch: 16, steps: 15 };
export const MEDIUM = { layers: 6, width: 384, heads: 6, vocabulary: 8192, length: 256, batch: 4, steps: 9 };

/** Steps before the clock starts: V8 compiles the kernels a second time, in the background, while they first run. */
const WARM_UP = 8;

/** A GPT-2 shaped model as config.json would give it. */
export function gpt2Config({ layers, width, heads, vocabulary, length }) {
  return {
    model_type: 'gpt2', n_layer: layers, n_embd: width, n_head: heads, n_positions: length, vocab_size: vocabulary,
    activation_function: 'gelu', attn_pdrop: 0, embd_pdrop: 0, resid_pdrop: 0,
  };
}

/** Random tokens in rows of the right size: what is in them does not change the work. */
export function randomBatches({ vocabulary, length, batch }) {
  const row = () => Array.from({ length }, () => Math.floor(Math.random() * vocabulary));
  const rows = packDocuments(Array.from({ length: batch * 4 }, row), { length });
  return batches(rows, { batch, seed: 1 });
}

/** Tokens per second of PyTorch eager on the same shape, or undefined where there is none. */
function pytorch({ layers, width, heads, vocabulary, length, batch, steps }, threads) {
  const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...env } = process.env;
  const script = fileURLToPath(new URL('pytorch_gpt.py', import.meta.url));
  const sizes = [layers, width, heads, vocabulary, length, batch, steps, threads].map(String);
  for (const python of process.env.PYTHON?.split(':') ?? ['python3', '/usr/bin/python3']) {
    const { status, stdout } = spawnSync(python, [script, ...sizes], { encoding: 'utf8', env });
    if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1));
  }
  return undefined;
}

/** Our tokens per second over `steps` steps, and the memory that the step needs beyond parameters, gradients and moments. */
export async function ours(shape, threads) {
  await useDevice('wasm', { threads });
  const model = createModel(gpt2Config(shape));
  const params = model.init(1);
  const optimizer = adamw({ lr: 1e-4 });
  const state = startTraining(params, optimizer);
  const times = [];
  for await (const { index, tokensPerSecond } of train({
    params, loss: causalLoss(model), batches: randomBatches(shape), optimizer, state, steps: shape.steps + WARM_UP,
  })) if (index >= WARM_UP) times.push(tokensPerSecond);
  const parameters = countParameters(params);
  const extraBytes = memory().peakBytes - parameters * 4 * 4;
  disposeTree(params);
  disposeTree(state.optimizer);
  return { tokensPerSecond: median(times), best: Math.max(...times), extraBytes, parameters };
}

/** A training step beside PyTorch, in turns: ours, theirs on one thread, theirs on all, and all again. */
export async function trainingStep(name, shape, { threads }) {
  const found = { ours: [], one: [], all: [] };
  let last;
  for (let round = 0; round < 2; round++) {
    last = await ours(shape, threads);
    found.ours.push(last.tokensPerSecond);
    for (const [key, count] of [['one', 1], ['all', threads]]) {
      const theirs = pytorch(shape, count);
      if (theirs !== undefined) found[key].push(theirs);
    }
  }
  const rate = Math.max(...found.ours);
  const theirs = [...found.one, ...found.all];
  const best = theirs.length > 0 ? theirs.reduce((a, b) => (a.tokensPerSecond > b.tokensPerSecond ? a : b)) : undefined;
  const rows = [{
    name: `training step ${name}, ${(last.parameters / 1e6).toFixed(1)} M parameters`, value: `${rate.toFixed(0)} tok/s`, figure: rate,
    note: best === undefined ? 'no PyTorch found' : `${(rate / best.tokensPerSecond).toFixed(2)}× PyTorch ${best.torch} (${best.tokensPerSecond.toFixed(0)} tok/s, ${best.threads} threads)`,
    ...(best === undefined ? {} : { ratio: rate / best.tokensPerSecond, pytorch: theirs }),
  }, {
    name: `peak memory of ${name} beyond parameters, gradients, moments`, value: `${(last.extraBytes / 1e6).toFixed(0)} MB`, figure: last.extraBytes,
  }];
  return rows;
}
