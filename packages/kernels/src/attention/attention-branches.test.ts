// Documents that branch, of which each branch sees the trunk and itself, and prefixes that every position sees.
import { expect, test } from 'vitest';
import { checkGradient, checkKernel, type KernelCase } from '../check-kernel.ts';
import type { Sizes } from '../kernel.ts';
import { attention, attentionBackward } from './attention.ts';

interface Shape { batch?: number; queries: number; keys?: number; heads?: number; kvHeads?: number; width?: number }

const sizes = ({ batch = 1, queries, keys = queries, heads = 2, kvHeads = heads, width = 4 }: Shape): Sizes =>
  ({ batch, queries, keys, heads, kvHeads, width, biasBatch: 1, biasHeads: 1 });

/** Rows of `keys` positions, each filled with documents of a trunk and branches, of the given lengths in turn. */
const branching = (keys: number, lengths: readonly number[], branches: number) => (_: () => number, length: number): number[] => {
  const ids: number[] = [];
  for (let row = 0; ids.length < length; row++) {
    for (let place = 0, part = row; place < keys; part++) {
      const size = Math.min(keys - place, lengths[part % lengths.length]!);
      const [document, branch] = [Math.floor(part / (branches + 1)), part % (branches + 1)];
      for (let i = 0; i < size; i++) ids.push(branch * 65_536 + document);
      place += size;
    }
  }
  return ids;
};
const lseOf = (random: () => number, length: number): number[] => Array.from({ length }, () => 4 + random());

/** Software that imitates a graphics card takes seconds to compile each program, longer on a busy machine. */
const MOST_MS = 240_000;

async function checkBoth(cases: readonly KernelCase[]): Promise<void> {
  const forward = await checkKernel(attention, { cases });
  const backward = await checkKernel(attentionBackward, { cases: cases.map((one) => ({ ...one, inputs: { ...one.inputs, lse: lseOf } })), tolerance: 1e-4 });
  expect([...Object.values(forward), ...Object.values(backward)].every((count) => count === cases.length)).toBe(true);
}

const branchCases: KernelCase[] = [
  // The trunk, and branches that are shorter and longer than tiles of six, eight, 32, 64 and 128.
  [[7, 5, 9], 2, 60], [[40, 3, 1, 2], 3, 150], [[33, 64, 65, 31], 3, 193], [[5, 150, 140, 130], 3, 425], [[130, 20, 20, 20, 20, 20, 20, 20, 20], 8, 290], [[1], 1, 40],
].flatMap(([lengths, branches, keys]): KernelCase[] => {
  const inputs = { segments: branching(keys as number, lengths as number[], branches as number) };
  return [
    { dims: sizes({ batch: 2, queries: keys as number, heads: 2, kvHeads: 1 }), uniforms: { causal: 1 }, with: ['segments'], inputs },
    { dims: sizes({ queries: keys as number, heads: 1, width: 6 }), uniforms: { causal: 0, window: 50 }, with: ['segments'], inputs },
  ];
});

test('branches see the trunk of their document and themselves', { timeout: MOST_MS }, async () => { await checkBoth(branchCases); });

test('few queries at the end of a branch', { timeout: MOST_MS }, async () => {
  const keys = 300;
  await checkKernel(attention, {
    cases: [1, 2, 3, 20].map((queries) => ({
      dims: sizes({ batch: 2, queries, keys, heads: 4, kvHeads: 2, width: 20 }), uniforms: { causal: 1 }, with: ['segments', 'lengths', 'offsets'],
      inputs: { segments: branching(keys, [100, 40, 40, 40], 3), lengths: () => [250, 131], offsets: () => [250 - queries, 131 - queries] },
    })),
  });
});

test('ids in any order, as no packing makes them', { timeout: MOST_MS }, async () => {
  const mixed = (random: () => number, length: number): number[] => Array.from({ length }, () => Math.floor(random() * 3) * 65_536 + Math.floor(random() * 2));
  await checkBoth([40, 150].flatMap((queries) => [
    { dims: sizes({ batch: 2, queries }), uniforms: { causal: 1 }, with: ['segments'], inputs: { segments: mixed } },
    { dims: sizes({ queries, keys: queries + 30, heads: 1 }), with: ['segments', 'prefixes'], uniforms: { causal: 1 }, inputs: { segments: mixed, prefixes: () => [20] } },
  ]));
});

test('a prefix is seen from every position, and the rest stays causal', { timeout: MOST_MS }, async () => {
  const lengths = [0, 1, 7, 33, 64, 129, 150, 400];
  const prefixes = (): number[] => lengths;
  const batch = lengths.length;
  await checkBoth([
    { dims: sizes({ batch, queries: 150, heads: 2, kvHeads: 1 }), uniforms: { causal: 1 }, with: ['prefixes'], inputs: { prefixes } },
    { dims: sizes({ batch, queries: 150, heads: 1 }), uniforms: { causal: 1, window: 20 }, with: ['prefixes'], inputs: { prefixes } },
    { dims: sizes({ batch, queries: 37, keys: 150, heads: 1, width: 6 }), uniforms: { causal: 1 }, with: ['prefixes', 'offsets', 'lengths'], inputs: { prefixes, offsets: () => [0, -5, 3, 0, 20, 113, 90, 140], lengths: () => [150, 3, 150, 20, 64, 150, 100, 0] } },
    { dims: sizes({ batch, queries: 150, heads: 1 }), uniforms: { causal: 1 }, with: ['prefixes', 'segments'], inputs: { prefixes, segments: branching(150, [40, 3, 60], 2) } },
    // Without a causal mask everything is seen anyway.
    { dims: sizes({ batch, queries: 20 }), with: ['prefixes'], inputs: { prefixes } },
  ]);
  // Few queries.
  await checkKernel(attention, {
    cases: [1, 2, 3].map((queries) => ({
      dims: sizes({ batch, queries, keys: 300, heads: 4, kvHeads: 1 }), uniforms: { causal: 1 }, with: ['prefixes', 'offsets'], inputs: { prefixes, offsets: () => lengths.map((length) => Math.max(0, length - 50)) },
    })),
  });
});

test('the gradient of the reference is right by central differences', () => {
  checkGradient(attention, attentionBackward, {
    cases: [
      { dims: sizes({ queries: 6, width: 2 }), uniforms: { causal: 1 }, with: ['segments'], inputs: { segments: () => [0, 0, 65_536, 65_536, 131_072, 131_072] } },
      { dims: sizes({ batch: 2, queries: 5, width: 2 }), uniforms: { causal: 1 }, with: ['prefixes'], inputs: { prefixes: () => [3, 0] } },
    ],
    gradients: { q: 'dq', k: 'dk', v: 'dv' }, dy: { o: 'dout' },
  });
});

test('by hand: equal scores give the mean of the values that are seen', () => {
  const means = (more: Record<string, Float64Array>): number[] => {
    const o = new Float64Array(5);
    attention.reference(
      { q: new Float64Array(5), k: new Float64Array(5), v: Float64Array.of(1, 3, 10, 20, 100), o, lse: new Float64Array(5), ...more } as never,
      sizes({ queries: 5, heads: 1, width: 1 }), { ...attention.uniforms, causal: 1 },
    );
    return [...o].map((mean) => Math.round(mean * 1e9) / 1e9);
  };
  expect(means({ segments: Float64Array.of(7, 7, 65_543, 131_079, 131_079) })).toEqual([1, 2, 4.666666667, 8, 31]);
  expect(means({ prefixes: Float64Array.of(3) })).toEqual([4.666666667, 4.666666667, 4.666666667, 8.5, 26.8]);
});
