// Models whose embedding and head are larger than the graphics card binds at once: the same training, the same tokens, the same files.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askedDevices } from '@llm/kernels';
import { createModel, generate, greedy, type Model, tensorsFromParams } from '@llm/model';
import { loadPretrained, savePretrained } from '@llm/model/node';
import { batches, type CausalBatch, causalLoss, packDocuments } from '@llm/pretrain';
import { disposeTree, flatten, memory, toFloat32, type Tree, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, restoreTraining, startTraining, train, trainingFiles, type TrainingState } from '@llm/train';
import { afterEach, describe, expect, test } from 'vitest';

const STEPS = 10;
/** Room for 128 rows of the tables of 300, for half of the MLP's matrices of Llama, and for whatever these models make of eight tokens. */
const LIMIT = 8192;
const configs = {
  gpt2: { model_type: 'gpt2', vocab_size: 300, n_positions: 32, n_embd: 16, n_head: 2, n_layer: 1 },
  llama: { model_type: 'llama', vocab_size: 300, hidden_size: 16, intermediate_size: 160, num_hidden_layers: 1, num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 32 },
} as const;
/** The matrices that are cut, and into how many blocks. */
const tables: Readonly<Record<keyof typeof configs, readonly (readonly [path: string, count: number])[]>> = {
  gpt2: [['transformer.wte.weight', 3]],
  llama: [['model.embed_tokens.weight', 3], ...['gate', 'up', 'down'].map((name) => [`model.layers.0.mlp.${name}_proj.weight`, 2] as const), ['lm_head.weight', 3]],
};

/** Few tokens, some of each block. */
const documents = Array.from({ length: 24 }, (_, i) => Array.from({ length: 5 + ((i * 7) % 23) }, (__, j) => 1 + 37 * ((i + j) % 8)));
const optimizer = adamw({ lr: 1e-2, weightDecay: 0.1 });

interface Run { readonly losses: number[]; readonly norms: number[] }

/** Trains on the same rows from step `from` on. */
async function steps(model: Model, params: Tree, { from, to, state, compile }: { from: number; to: number; state: TrainingState; compile: boolean }): Promise<Run> {
  const all: CausalBatch[] = [];
  for (const batch of batches(packDocuments(documents, { length: 8, eos: 0 }), { batch: 1, seed: 3 })) {
    if (all.push(batch) === STEPS) break;
  }
  const found: Run = { losses: [], norms: [] };
  for await (const { loss, gradNorm } of train({ params, loss: causalLoss(model, { checkpointed: !compile }), batches: all.slice(from, to), optimizer, state, compile })) {
    found.losses.push(loss);
    found.norms.push(gradNorm);
  }
  return found;
}

async function tokensOf(model: Model, params: Tree): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of generate(model, params, [[1, 38, 75], [2]], { maxTokens: 6, sampler: greedy, eosIds: [] })) ids.push(id);
  return ids;
}

/** The files of a run, in memory. */
async function written(params: Tree, state: TrainingState): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const [name, content] of Object.entries(trainingFiles(params, state))) {
    const parts: Uint8Array[] = [];
    if (typeof content === 'string') parts.push(new TextEncoder().encode(content));
    else for await (const part of content as AsyncIterable<Uint8Array>) parts.push(part.slice());
    files.set(name, new Uint8Array(Buffer.concat(parts)));
  }
  return files;
}

/** Every stored tensor below each other. */
async function valuesOf(model: Model, params: Tree): Promise<number[]> {
  return [...(await tensorsFromParams(model, params)).values()].flatMap((raw) => [...toFloat32(raw)]);
}

let folder: string | undefined;
afterEach(async () => { if (folder !== undefined) await rm(folder, { recursive: true }); });

describe.runIf(askedDevices().includes('webgpu')).each([['gpt2', true], ['llama', false]] as const)('%s on a card that binds less than its embedding', (name, compile) => {
  test('trains, generates, is saved and goes on as on one that binds it', async () => {
    folder = await mkdtemp(join(tmpdir(), 'row-blocks-'));
    const model = createModel(configs[name]) as Model;
    const use = (limit: number): Promise<unknown> => useDevice('webgpu', { maxTensorBytes: limit });

    await use(Infinity);
    const before = memory().tensors;
    const whole = model.init(1);
    expect(Object.keys(flatten(whole)).some((path) => path.includes('block'))).toBe(false);
    await savePretrained(join(folder, 'whole'), { model: model as never, params: whole });
    const wholeState = startTraining(whole, optimizer);
    const expected = await steps(model, whole, { from: 0, to: STEPS, state: wholeState, compile });
    const expectedTokens = await tokensOf(model, whole);
    const expectedValues = await valuesOf(model, whole);

    await use(LIMIT);
    const cut = model.init(1);
    const blocks = Object.keys(flatten(cut)).filter((path) => /\.block\d$/.test(path));
    expect(blocks).toEqual(tables[name].flatMap(([path, count]) => Array.from({ length: count }, (_, i) => `${path}.block${i}`)));
    await savePretrained(join(folder, 'cut'), { model: model as never, params: cut });
    expect((await readFile(join(folder, 'cut', 'model.safetensors'))).equals(await readFile(join(folder, 'whole', 'model.safetensors')))).toBe(true);
    const state = startTraining(cut, optimizer);
    const first = await steps(model, cut, { from: 0, to: 5, state, compile });
    const halfway = await written(cut, state);
    const second = await steps(model, cut, { from: 5, to: STEPS, state, compile });
    const found: Run = { losses: [...first.losses, ...second.losses], norms: [...first.norms, ...second.norms] };
    expect(found.losses.at(-1)).toBeLessThan(found.losses[0]! - 0.2);
    for (const part of ['losses', 'norms'] as const) expectClose(found[part], expected[part], { tolerance: 1e-5, name: part });
    expect(await tokensOf(model, cut)).toEqual(expectedTokens);
    const values = await valuesOf(model, cut);
    expectClose(values, expectedValues, { tolerance: 1e-4, name: 'parameters' });

    // What was saved without blocks is read in blocks, and what was saved in blocks, at the end, without.
    const again = await loadPretrained(join(folder, 'whole'));
    expect(Object.keys(flatten(again.params))).toEqual(Object.keys(flatten(cut)));
    await savePretrained(join(folder, 'cut'), { model: model as never, params: cut });
    // A run goes on to the bit in the same blocks.
    const resumed = restoreTraining(halfway, { params: again.params, optimizer });
    expect(await steps(model, again.params, { from: 5, to: STEPS, state: resumed.state, compile })).toEqual(second);
    await use(Infinity);
    const loaded = await loadPretrained(join(folder, 'cut'));
    expect(Object.keys(flatten(loaded.params))).toEqual(Object.keys(flatten(whole)));
    expect(await valuesOf(model, loaded.params)).toEqual(values);
    const other = restoreTraining(halfway, { params: loaded.params, optimizer });
    expectClose((await steps(model, loaded.params, { from: 5, to: STEPS, state: other.state, compile })).losses, second.losses, { tolerance: 1e-5, name: 'losses without blocks' });

    for (const tree of [whole, cut, again.params, loaded.params, wholeState.optimizer, state.optimizer, resumed.state.optimizer, other.state.optimizer]) disposeTree(tree);
    // The rotation tables stay with their models.
    expect(memory().tensors - before).toBeLessThanOrEqual(name === 'llama' ? 2 : 0);
  });
});
