// Sizes at the edges of the tiles that a graphics card takes, and what they take of its memory.
import { expect, test } from 'vitest';
import { checkKernel, type KernelCase } from '../check-kernel.ts';
import type { GpuMemory } from '../gpu/program.ts';
import { type Kernel, portShape, type Sizes } from '../kernel.ts';
import { attention, attentionBackward } from './attention.ts';

interface Shape {
  batch?: number; queries: number; keys?: number; heads?: number; kvHeads?: number; width?: number; biasBatch?: number; biasHeads?: number;
}

const sizes = ({ batch = 1, queries, keys = queries, heads = 1, kvHeads = heads, width = 4, biasBatch = 1, biasHeads = 1 }: Shape): Sizes =>
  ({ batch, queries, keys, heads, kvHeads, width, biasBatch, biasHeads });

const causal = { causal: 1 };
/** Documents that end at the given positions of each row of 150, so inside tiles. */
const endingAt = (...ends: number[]) => (_: () => number, length: number): number[] => (
  Array.from({ length }, (__, i) => ends.filter((end) => end <= i % 150).length)
);
/** Lengths of the first rows of the batch; the others are empty. */
const first = (...lengths: number[]) => (_: () => number, length: number): number[] => Array.from({ length }, (__, i) => lengths[i] ?? 0);
const lseOf = (random: () => number, length: number): number[] => Array.from({ length }, () => 4 + random());

/** Software that imitates a graphics card takes seconds to compile each program, longer on a busy machine. */
const MOST_MS = 240_000;

async function checkBoth(cases: readonly KernelCase[]): Promise<void> {
  const forward = await checkKernel(attention, { cases });
  const backward = await checkKernel(attentionBackward, { cases: cases.map((one) => ({ ...one, inputs: { ...one.inputs, lse: lseOf } })), tolerance: 1e-4 });
  expect([...Object.values(forward), ...Object.values(backward)].every((count) => count === cases.length)).toBe(true);
}

test('blocks of queries and of keys that end at a tile, before it and after it', { timeout: MOST_MS }, async () => {
  const edges: KernelCase[] = [15, 16, 17, 31, 32, 33, 63, 64, 65].flatMap((size, i) => [
    { dims: sizes({ queries: size + 2, keys: size, width: [4, 64][i % 2]! }) },
    { dims: sizes({ queries: size + 17, heads: 2, kvHeads: 1, width: [64, 4][i % 2]! }), uniforms: causal },
  ]);
  await checkBoth(edges);
});

test('every width, with as many lanes, vectors and numbers at the end of a row', { timeout: MOST_MS }, async () => {
  await checkBoth([1, 3, 5, 31, 33, 64, 80, 128, 256].map((width) => ({ dims: sizes({ queries: 21, keys: 35, width }), uniforms: causal })));
});

test('every mask, alone and with others, for heads that share keys', { timeout: MOST_MS }, async () => {
  const grouped = { batch: 3, queries: 40, keys: 150, heads: 6, width: 4 };
  await checkBoth([
    ...[1, 3, 6].map((kvHeads) => ({ dims: sizes({ ...grouped, kvHeads }), uniforms: causal })),
    { dims: sizes({ ...grouped, kvHeads: 1 }), uniforms: { causal: 1, window: 1 } },
    { dims: sizes({ ...grouped, kvHeads: 3 }), uniforms: { window: 1 } },
    {
      dims: sizes({ ...grouped, queries: 150, kvHeads: 3 }), uniforms: causal, with: ['segments'],
      inputs: { segments: endingAt(1, 5, 40, 41, 77, 128, 149) },
    },
    {
      dims: sizes({ ...grouped, kvHeads: 1 }), with: ['segments', 'lengths', 'offsets'],
      inputs: { segments: endingAt(70), lengths: () => [0, 69, 71], offsets: () => [3, 60, 140] },
    },
    { dims: sizes({ ...grouped, kvHeads: 3 }), with: ['lengths'], inputs: { lengths: () => [0, 1, 150] } },
    { dims: sizes({ ...grouped, kvHeads: 3 }), uniforms: { causal: 1, window: 33 }, with: ['offsets'], inputs: { offsets: () => [-20, 0, 120] } },
    ...[[1, 1], [1, 6], [3, 1], [3, 6]].map(([biasBatch = 0, biasHeads = 0]) => (
      { dims: sizes({ ...grouped, kvHeads: 3, biasBatch, biasHeads }), uniforms: causal, with: ['bias'] }
    )),
  ]);
});

test('few queries: as many rows as a workgroup has, more, and stretches of each length', { timeout: MOST_MS }, async () => {
  const cases: KernelCase[] = [
    ...[2, 4, 5, 8, 9, 16, 17].map((heads) => ({ dims: sizes({ batch: 2, queries: 1, keys: 131, heads, kvHeads: 1, width: 20 }), uniforms: causal })),
    ...[63, 64, 65, 127, 128, 129].map((keys) => ({ dims: sizes({ queries: 3, keys, heads: 2, width: 20 }), uniforms: causal })),
    ...[68, 132, 256].map((width) => ({ dims: sizes({ queries: 1, keys: 70, heads: 6, kvHeads: 1, width }) })),
    { dims: sizes({ batch: 16, queries: 1, keys: 513, heads: 8 }), uniforms: { causal: 1, window: 300 } },
    { dims: sizes({ queries: 3, keys: 140, heads: 2, kvHeads: 1, width: 20 }), uniforms: { causal: 1, window: 5 } },
    { dims: sizes({ batch: 64, queries: 1, keys: 257, heads: 16, kvHeads: 2 }), uniforms: causal },
    { dims: sizes({ batch: 3, queries: 2, keys: 200, heads: 2, biasBatch: 3 }), with: ['bias', 'lengths'], inputs: { lengths: () => [0, 65, 200] } },
  ];
  await checkKernel(attention, { cases });
});

test('many blocks at once, and few that share out what they stream past', { timeout: MOST_MS }, async () => {
  await checkBoth([
    // Eight rows to a lane: 128 or 64 owned rows. Most rows of the batch are empty, to save time.
    { dims: sizes({ batch: 16, queries: 129, keys: 130, heads: 8 }), uniforms: causal, with: ['lengths'], inputs: { lengths: first(130, 127) } },
    { dims: sizes({ batch: 16, queries: 65, keys: 66, heads: 8, width: 36 }), uniforms: { window: 50 }, with: ['lengths'], inputs: { lengths: first(66, 63) } },
    // Shares of the keys, and of the rows of queries.
    { dims: sizes({ queries: 20, keys: 1030, width: 8 }), uniforms: { causal: 1, window: 600 } },
    { dims: sizes({ batch: 2, queries: 20, keys: 600 }), with: ['lengths'], inputs: { lengths: () => [250, 600] } },
    { dims: sizes({ queries: 180, keys: 70, heads: 6, kvHeads: 1 }), uniforms: { causal: 1, offset: 0 } },
    { dims: sizes({ queries: 520, keys: 10 }) },
  ]);
});

test('a bias of −∞ hides a key, and a row of them everything', { timeout: MOST_MS }, async () => {
  const hidden = (keys: number) => (random: () => number, length: number): number[] => (
    Array.from({ length }, (_, i) => (Math.floor(i / keys) % 3 === 1 || random() < 0.5 ? -Infinity : random()))
  );
  for (const queries of [2, 20]) await checkBoth([{ dims: sizes({ queries, keys: 70 }), with: ['bias'], inputs: { bias: hidden(70) } }]);
});

/** The bytes of all ports of a call and of the temporaries that it takes, without running it. */
function bytesOf(kernel: Kernel, dims: Sizes): { ports: number; temporaries: number } {
  const memory = (bytes: number): GpuMemory => ({ buffer: {} as GPUBuffer, bytes });
  const found = { ports: 0, temporaries: 0 };
  const at: Record<string, GpuMemory> = {};
  for (const [name, port] of [...Object.entries(kernel.inputs), ...Object.entries(kernel.outputs)]) {
    if (port.optional) continue;
    at[name] = memory(4 * portShape(kernel, name, dims).reduce((a, b) => a * b, 1));
    found.ports += at[name].bytes;
  }
  kernel.webgpu!({
    at, dims, uniforms: { ...kernel.uniforms, causal: 1 }, device: {} as never, run: () => {},
    temporary(bytes) {
      found.temporaries += bytes;
      return memory(bytes);
    },
  });
  return found;
}

test.each([attention, attentionBackward])('memory grows with the length alone', (kernel) => {
  const total = (queries: number): number => {
    const { ports, temporaries } = bytesOf(kernel, sizes({ batch: 4, queries, heads: 12, width: 64 }));
    return ports + temporaries;
  };
  const growth = (extra: (queries: number) => number): number => (total(1024) + extra(1024)) / (total(256) + extra(256));
  expect(growth(() => 0)).toBeLessThan(4.2);
  // The scores of a single head would be seen.
  expect(growth((queries) => 4 * 4 * queries ** 2)).toBeGreaterThan(4.2);
  // One head alone is shared out, so that it takes more, but no more for longer rows.
  for (const queries of [512, 2048, 8192]) {
    const { ports, temporaries } = bytesOf(kernel, sizes({ queries, width: 64 }));
    expect(temporaries).toBeLessThanOrEqual(2 * ports);
  }
});
