// Ten steps of TRL's DPOTrainer on the tiny Llama, from fixtures/trajectories.* (made by fixtures/make-trajectories.py).
import { readFileSync } from 'node:fs';
import { createModel, type Model, paramsFromTensors } from '@llm/model';
import { disposeTree, flatten, mapLeaves, memory, mul, readSafetensors, type RawTensor, type Tensor, toFloat32, type Tree, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { beforeAll, describe, expect, test } from 'vitest';
import { keepEnd, keepStart } from '../data/truncate.ts';
import { dpo } from '../losses/dpo.ts';
import { ipo } from '../losses/ipo.ts';
import { type RowLayout, separateRows, sharedPrefix } from './layouts.ts';
import { type PairBatch, pairBatch, type PairBatchOptions, type TokenizedPair } from './pair-batch.ts';
import { preferenceLoss, type PreferenceLossOptions } from './preference-loss.ts';
import { precomputeReference } from './reference.ts';

const fixture = (name: string): Buffer => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url));
const golden = (name: string): Buffer => readFileSync(new URL(`../../../../tests/golden/models/llama/${name}`, import.meta.url));
const final: ReadonlyMap<string, RawTensor> = readSafetensors(fixture('trajectories.safetensors')).tensors;
interface Run { readonly losses: number[]; readonly grad_norms: number[] }
interface Stored {
  readonly tokenized: TokenizedPair[];
  readonly dpo: Run & { readonly metrics: Record<string, number[]> };
  readonly 'wpo, ld_alpha 0.5': Run;
  readonly 'ipo, keep_end 12': Run;
}
const stored = JSON.parse(fixture('trajectories.json').toString()) as Stored;

const STEPS = 10;
const PAIRS = 2;
const ACCUMULATE = 2;

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

const model: Model = createModel(JSON.parse(golden('config.json').toString()) as Record<string, unknown>);
const load = (): Tree => paramsFromTensors(model, readSafetensors(golden('model.safetensors')).tensors);
const copy = (tree: Tree): Tree => mapLeaves(tree, (leaf) => mul(leaf as Tensor, 1));

/** The micro-batches of the run, two pairs each. */
function batchesOf(pairs: readonly TokenizedPair[], { steps = STEPS, ...options }: PairBatchOptions & { steps?: number } = {}): PairBatch[] {
  return Array.from({ length: steps * ACCUMULATE }, (_, i) => pairBatch(pairs.slice(i * PAIRS, (i + 1) * PAIRS), options));
}

async function run(params: Tree, batches: PairBatch[], options: PreferenceLossOptions): Promise<Run> {
  const found: Run = { losses: [], grad_norms: [] };
  const optimizer = adamw({ lr: 1e-3, beta2: 0.999, weightDecay: 0 });
  for await (const step of train({ params, loss: preferenceLoss(model, options), batches, optimizer, accumulate: ACCUMULATE, clipNorm: 1 })) {
    found.losses.push(step.loss);
    found.grad_norms.push(step.gradNorm);
  }
  return found;
}

function compare(found: Run, expected: Run): void {
  expectClose(found.losses, expected.losses, { tolerance: 1e-4, name: 'losses' });
  if (expected.grad_norms !== undefined) expectClose(found.grad_norms, expected.grad_norms, { tolerance: 1e-4, name: 'grad_norms' });
}

const truncated = (cut: ReturnType<typeof keepStart>): TokenizedPair[] => stored.tokenized.flatMap((pair) => cut(pair) ?? []);
const pairs = truncated(keepStart({ maxTokens: 16 }));

describe.each([['separate rows', separateRows()], ['shared prefixes', sharedPrefix()], ['shared prefixes, packed', sharedPrefix({ rowTokens: 60 })]] as [string, RowLayout][])('%s', (_, layout) => {
  test('ten steps of DPO have TRL\'s losses, gradient norms and weights; the reference was precomputed', async () => {
    const params = load();
    const reference = await precomputeReference(model, params, { pairs: pairs.slice(0, STEPS * PAIRS * ACCUMULATE), layout });
    const before = memory().tensors;
    compare(await run(params, batchesOf(reference, { layout }), { loss: dpo() }), stored.dpo);
    const flat = flatten(params);
    for (const [name, raw] of final) {
      if (name.startsWith('dpo.')) expectClose(flat[name.slice(4)]!.dataSync(), toFloat32(raw), { tolerance: 1e-4, name });
    }
    expect(memory().tensors).toBe(before);
    disposeTree(params);
  });
});

test('the reference as a second tree gives the same', async () => {
  const params = load();
  const reference = copy(params);
  compare(await run(params, batchesOf(pairs), { loss: dpo(), reference }), stored.dpo);
  disposeTree(params);
  disposeTree(reference);
});

test('WPO with LD-DPO, one step', async () => {
  const params = load();
  const reference = await precomputeReference(model, params, { pairs: pairs.slice(0, PAIRS * ACCUMULATE), ldAlpha: 0.5 });
  compare({ ...await run(params, batchesOf(reference, { steps: 1, ldAlpha: 0.5 }), { loss: dpo(), policyWeighting: true }), grad_norms: [] }, { ...stored['wpo, ld_alpha 0.5'], grad_norms: [] });
  disposeTree(params);
});

test('IPO on the ends of the texts, two steps', async () => {
  const params = load();
  const cut = truncated(keepEnd({ maxTokens: 12 }));
  expect(cut.some(({ rejectedPrompt }) => rejectedPrompt !== undefined)).toBe(true);
  const reference = await precomputeReference(model, params, { pairs: cut.slice(0, 2 * PAIRS * ACCUMULATE) });
  compare({ ...await run(params, batchesOf(reference, { steps: 2 }), { loss: ipo() }), grad_norms: [] }, { ...stored['ipo, keep_end 12'], grad_norms: [] });
  disposeTree(params);
});
