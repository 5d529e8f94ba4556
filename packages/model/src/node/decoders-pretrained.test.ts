import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disposeTree, flatten, memory, type RawTensor, readSafetensors, useDevice, writeSafetensors } from '@llm/tensor';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { paramsFromTensors } from '../checkpoint/checkpoint.ts';
import { resizeTokenEmbeddings } from '../checkpoint/resize-token-embeddings.ts';
import { loadPretrained, type Pretrained } from './load-pretrained.ts';
import { savePretrained } from './save-pretrained.ts';

const at = (name: string): URL => new URL(`../architectures/fixtures/${name}`, import.meta.url);
let folder = '';

beforeAll(async () => { await useDevice(); });
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'decoder-')); });
afterEach(() => rm(folder, { recursive: true, force: true }));

type Tensors = Map<string, RawTensor>;

async function load(name: string, change: (tensors: Tensors) => void = () => undefined, config: Record<string, unknown> = {}): Promise<Pretrained> {
  const json = (JSON.parse(await readFile(at('decoders.json'), 'utf8')) as Record<string, object>)[name];
  const { tensors } = readSafetensors(await readFile(at(`${name}.safetensors`)));
  const checkpoint: Tensors = new Map([...tensors].flatMap(([path, raw]) => (path.startsWith('param.') ? [[path.slice(6), raw] as const] : [])));
  change(checkpoint);
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...json, ...config }));
  await writeFile(join(folder, 'model.safetensors'), writeSafetensors(checkpoint));
  return loadPretrained(folder);
}

describe.each(['gemma2', 'gemma3', 'nanochat', 'mixtral', 'qwen3_moe'])('%s', (name) => {
  test('load, save, load: the same bits, under the same names', async () => {
    const before = memory().tensors;
    const first = await load(name);
    const theirs = readSafetensors(await readFile(join(folder, 'model.safetensors'))).tensors;
    await savePretrained(folder, first);
    const second = await loadPretrained(folder);
    expect(second.config).toEqual(first.config);
    const ours = readSafetensors(await readFile(join(folder, 'model.safetensors'))).tensors;
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    for (const [path, { data }] of ours) expect(data, path).toEqual(theirs.get(path)!.data);
    disposeTree(first.params);
    disposeTree(second.params);
    expect(memory().tensors).toBe(before);
  });

  test('more tokens: logits of the others as before', async () => {
    const { model, params } = await load(name);
    const resized = resizeTokenEmbeddings(model, params, { vocabSize: 43, noise: 0 });
    expect(resized.model.head(resized.params).shape).toEqual([43, 16]);
    disposeTree(resized.params);
  });
});

const bytesOf = (tensors: Tensors, names: readonly string[]): Uint8Array => Uint8Array.from(names.flatMap((name) => [...tensors.get(name)!.data]));

/** The experts of each layer as transformers holds them: gate and up of all, and down of all. */
function fuse(tensors: Tensors, { mixture, gate, up, down, inner, experts }: { mixture: string; gate: string; up: string; down: string; inner: number; experts: number }): void {
  const layers = new Set([...tensors.keys()].flatMap((path) => (path.includes('.experts.') ? [path.split('.')[2]!] : [])));
  for (const layer of layers) {
    const of = (expert: number, matrix: string): string => `model.layers.${layer}.${mixture}.experts.${expert}.${matrix}.weight`;
    const all = Array.from({ length: experts }, (_, i) => i);
    const fused: [string, string[], number[]][] = [
      ['gate_up_proj', all.flatMap((i) => [of(i, gate), of(i, up)]), [experts, 2 * inner, 16]], ['down_proj', all.map((i) => of(i, down)), [experts, 16, inner]],
    ];
    for (const [matrix, names, shape] of fused) tensors.set(`model.layers.${layer}.mlp.experts.${matrix}`, { dtype: 'F32', shape, data: bytesOf(tensors, names) });
    for (const [, names] of fused) for (const name of names) tensors.delete(name);
  }
}
const MIXTRAL = { mixture: 'block_sparse_moe', gate: 'w1', up: 'w3', down: 'w2', inner: 20, experts: 5 };
const QWEN = { mixture: 'mlp', gate: 'gate_proj', up: 'up_proj', down: 'down_proj', inner: 12, experts: 6 };

describe('experts in one tensor', () => {
  test.each([['mixtral', MIXTRAL], ['qwen3_moe', QWEN]] as const)('%s: the same parameters, from a folder and from memory', async (name, shape) => {
    const plain = await load(name);
    const fused = await load(name, (tensors) => fuse(tensors, shape));
    const held = paramsFromTensors(plain.model, readSafetensors(await readFile(join(folder, 'model.safetensors'))).tensors);
    for (const [path, value] of Object.entries(flatten(plain.params))) {
      for (const other of [fused.params, held]) expect([...flatten(other)[path]!.dataSync()], path).toEqual([...value.dataSync()]);
    }
    expect(Object.keys(flatten(fused.params))).toEqual(Object.keys(flatten(plain.params)));
    for (const { params } of [plain, fused, { params: held }]) disposeTree(params);
  });

  test('too few and too many are named', async () => {
    const before = memory().tensors;
    await expect(load('mixtral', (tensors) => fuse(tensors, MIXTRAL), { num_local_experts: 4 })).rejects.toThrow('model.layers.0.mlp.experts.gate_up_proj has shape [5, 40, 16], more experts than the configuration has');
    await expect(load('mixtral', (tensors) => fuse(tensors, MIXTRAL), { num_local_experts: 6 })).rejects.toThrow('experts.5.w1.weight is missing');
    await expect(load('mixtral', (tensors) => { tensors.delete('model.layers.1.block_sparse_moe.gate.weight'); })).rejects.toThrow('model.layers.1.block_sparse_moe.gate.weight is missing');
    expect(memory().tensors).toBe(before);
  });
});
