// A row of a prompt and its branches, with positions that go on from the prompt in each, gives what rows of their own give.
import { askedDevices } from '@llm/kernels';
import {
  add, branchSegment, type DeviceName, disposeTree, linearLogProbs, mapLeaves, sum, type Tensor, tensor, type Tree, useDevice, valueAndGrad,
} from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, test } from 'vitest';
import { hiddenOf, type TokenBatch } from '../batch/token-batch.ts';
import { createModel } from '../config/create-model.ts';
import type { Model } from '../model.ts';

const models = {
  llama: createModel({
    model_type: 'llama', vocab_size: 31, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2,
    max_position_embeddings: 64, tie_word_embeddings: false,
  }),
  gpt2: createModel({ model_type: 'gpt2', vocab_size: 31, n_positions: 64, n_embd: 16, n_head: 2, n_layer: 2 }),
};
const idsOf = (length: number, salt: number): number[] => Array.from({ length }, (_, i) => (7 * i + salt * (i + 3)) % 31);
const prompt = idsOf(9, 2);
const answers = [idsOf(6, 3), idsOf(11, 5), idsOf(1, 4)];

/** Random parameters that are far from their gentle beginning, so that what is wrong shows. */
function paramsOf(model: Model): Tree {
  return mapLeaves(model.init(3), (leaf) => {
    const small = leaf as Tensor;
    const large = tensor(small.dataSync().map((value, i) => (value === 1 || value === 0 ? value + 0.3 * Math.sin(i) : value * 8)), small.shape);
    small.dispose();
    return large;
  });
}

/** The parts one after the other in one row: the first is the trunk of the document, each other a branch. */
function rowOf(parts: readonly (readonly number[])[]): TokenBatch {
  const ids = parts.flat();
  const [trunk] = parts;
  return {
    rows: 1, length: ids.length, ids: Int32Array.from(ids), packed: true, restarts: true,
    positions: Int32Array.from(parts.flatMap((part, branch) => part.map((_, i) => i + (branch === 0 ? 0 : trunk!.length)))),
    segments: Int32Array.from(parts.flatMap((part, branch) => part.map(() => branchSegment(0, branch)))),
  };
}

/** Σ of the log-probabilities of all tokens of each answer, the first of which follows the prompt, with gradients and states. */
async function scored(model: Model, params: Tree, rows: readonly (readonly (readonly number[])[])[]) {
  const { value, grads } = valueAndGrad((p: Tree) => {
    const states = rows.map((parts) => hiddenOf(model, p, rowOf(parts)));
    const sums = states.map((hidden, row) => {
      // The target of a position is the next token of its part; a trunk has several next tokens, so it has no target here.
      const targets = Int32Array.from(rows[row]!.flatMap((part, branch) => part.map((_, i) => (branch === 0 ? -100 : part[i + 1] ?? -100))));
      return sum(linearLogProbs(hidden, model.head(p), targets).logProbs);
    });
    return { loss: sums.reduce((a, b) => add(a, b)), states };
  })(params);
  const found = {
    loss: (await value.loss.data())[0]!,
    states: await Promise.all((value.states as Tensor[]).map(async (state) => (await state.data()).slice())),
    grads: Object.fromEntries(await Promise.all(Object.entries(grads).map(async ([path, grad]) => [path, Float32Array.from(await grad.data())] as const))),
  };
  disposeTree([value, grads] as never);
  return found;
}

const devices = [...new Set<DeviceName>(['cpu', ...askedDevices() as DeviceName[]])];

describe.each(devices)('on %s', (device) => {
  beforeAll(async () => { await useDevice(device, device === 'wasm' ? { threads: 2 } : {}); });

  test.each(Object.entries(models))('%s: states, loss and every gradient', async (_name, model) => {
    const params = paramsOf(model as Model);
    const packed = await scored(model as Model, params, [[prompt, ...answers]]);
    const alone = await scored(model as Model, params, answers.map((answer) => [prompt, answer]));
    const { width } = model.shape;
    const states = [...alone.states[0]!.subarray(0, prompt.length * width), ...alone.states.flatMap((state) => [...state.subarray(prompt.length * width)])];
    expectClose(packed.states[0]!, states, { tolerance: 1e-5, name: 'states' });
    expectClose([packed.loss], [alone.loss], { tolerance: 1e-5, name: 'loss' });
    for (const [path, grad] of Object.entries(alone.grads)) {
      // A sum over more positions is rounded more often.
      const largest = grad.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      expectClose(packed.grads[path]!.map((value) => value / largest), grad.map((value) => value / largest), { tolerance: 1e-5, name: path });
    }
    disposeTree(params);
  });
});
