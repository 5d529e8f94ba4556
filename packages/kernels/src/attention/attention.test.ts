import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkGradient, checkKernel, type KernelCase, seededRandom } from '../check-kernel.ts';
import { launch, type Sizes } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { attention, attentionBackward } from './attention.ts';

type Uniforms = Readonly<Record<string, number>>;

interface Shape {
  batch?: number; queries: number; keys?: number; heads?: number; kvHeads?: number; width?: number; biasBatch?: number; biasHeads?: number;
}

const sizes = ({ batch = 1, queries, keys = queries, heads = 2, kvHeads = heads, width = 8, biasBatch = 1, biasHeads = 1 }: Shape): Sizes =>
  ({ batch, queries, keys, heads, kvHeads, width, biasBatch, biasHeads });

/** Ids that grow along each row, as packed documents have them. */
const documents = (random: () => number, length: number): number[] => {
  let id = 0;
  return Array.from({ length }, () => (random() < 0.1 ? ++id : id));
};
/** The same with branches of each document. */
const branches = (random: () => number, length: number): number[] => documents(random, length).map((id) => (id % 4) * 65_536 + Math.floor(id / 4));
const mixedIds = (random: () => number, length: number): number[] => Array.from({ length }, () => Math.floor(random() * 3));

const cases: KernelCase[] = [
  { dims: sizes({ queries: 1 }) },
  { dims: sizes({ queries: 1, width: 1, heads: 1 }), uniforms: { causal: 1 } },
  { dims: sizes({ batch: 2, queries: 5, keys: 3, heads: 6, kvHeads: 2, width: 7 }) },
  { dims: sizes({ queries: 5, keys: 3 }), uniforms: { causal: 1 } },
  { dims: sizes({ batch: 2, queries: 37, heads: 4, kvHeads: 2, width: 12 }), uniforms: { causal: 1, scale: 0.3 } },
  { dims: sizes({ queries: 127, heads: 1, width: 32 }), uniforms: { causal: 1 } },
  { dims: sizes({ queries: 128, heads: 2, kvHeads: 1, width: 32 }), uniforms: { causal: 1 } },
  { dims: sizes({ queries: 129, heads: 3, width: 33 }), uniforms: { causal: 1 } },
  { dims: sizes({ queries: 53, keys: 301, heads: 1, width: 64 }), uniforms: { causal: 1 } },
  { dims: sizes({ queries: 200, keys: 131, heads: 1, width: 5 }) },
  { dims: sizes({ queries: 300, heads: 1, width: 6 }), uniforms: { causal: 1, window: 17 } },
  { dims: sizes({ queries: 300, heads: 1, width: 6 }), uniforms: { window: 140 } },
  { dims: sizes({ queries: 11 }), uniforms: { causal: 1, window: 1 } },
  { dims: sizes({ queries: 9, keys: 20 }), uniforms: { causal: 1, offset: 4 } },
  { dims: sizes({ queries: 9, keys: 20 }), uniforms: { causal: 1, offset: -3, window: 4 } },
  { dims: sizes({ batch: 2, queries: 150, heads: 2, kvHeads: 1, width: 9 }), uniforms: { causal: 1 }, with: ['segments'], inputs: { segments: documents } },
  { dims: sizes({ batch: 2, queries: 140, keys: 150 }), uniforms: { causal: 1 }, with: ['segments'], inputs: { segments: mixedIds } },
  { dims: sizes({ queries: 40 }), uniforms: { window: 9 }, with: ['segments'], inputs: { segments: documents } },
  { dims: sizes({ queries: 12, keys: 10 }), uniforms: { offset: 2 }, with: ['segments'], inputs: { segments: documents } },
  { dims: sizes({ batch: 2, queries: 13, keys: 141, heads: 4, kvHeads: 2, biasBatch: 2, biasHeads: 4 }), with: ['bias'] },
  { dims: sizes({ batch: 2, queries: 13, heads: 4, kvHeads: 2, biasBatch: 1, biasHeads: 4 }), uniforms: { causal: 1 }, with: ['bias'] },
  { dims: sizes({ batch: 2, queries: 13, heads: 4, biasBatch: 2, biasHeads: 1 }), uniforms: { causal: 1 }, with: ['bias'] },
  { dims: sizes({ batch: 3, queries: 10, keys: 150 }), with: ['lengths'], inputs: { lengths: () => [0, 7, 150] } },
  { dims: sizes({ batch: 3, queries: 2, keys: 300, heads: 4, kvHeads: 1 }), uniforms: { causal: 1 }, with: ['lengths', 'offsets'], inputs: { lengths: () => [2, 131, 300], offsets: () => [0, 129, 298] } },
  { dims: sizes({ batch: 3, queries: 1, keys: 300, heads: 8, kvHeads: 2, width: 64 }), uniforms: { causal: 1, window: 100 }, with: ['lengths', 'offsets'], inputs: { lengths: () => [1, 131, 300], offsets: () => [0, 130, 299] } },
  { dims: sizes({ batch: 2, queries: 1, keys: 1030, heads: 3, kvHeads: 1, width: 17, biasBatch: 2, biasHeads: 3 }), uniforms: { causal: 1 }, with: ['bias', 'segments'], inputs: { segments: mixedIds } },
  { dims: sizes({ batch: 1, queries: 4, keys: 259, heads: 2, width: 256 }), uniforms: { causal: 1 } },
  { dims: sizes({ batch: 2, queries: 37, heads: 4, kvHeads: 2, width: 12 }), uniforms: { causal: 1, scale: 2, softCap: 1.5 } },
  { dims: sizes({ queries: 70, keys: 140, heads: 2, kvHeads: 1, width: 8, biasHeads: 2 }), uniforms: { causal: 1, window: 33, softCap: 50 }, with: ['bias', 'segments'], inputs: { segments: documents } },
  { dims: sizes({ batch: 2, queries: 1, keys: 300, heads: 4, kvHeads: 1, width: 16 }), uniforms: { causal: 1, scale: 3, softCap: 0.7 }, with: ['lengths', 'offsets'], inputs: { lengths: () => [131, 300], offsets: () => [130, 299] } },
  { dims: sizes({ queries: 134, heads: 1, width: 256 }), uniforms: { causal: 1 } },
];

/** Software that imitates a graphics card takes seconds to compile each program, longer on a busy machine. */
const MOST_MS = 240_000;

test('attention equals its reference', { timeout: MOST_MS }, async () => {
  const ran = await checkKernel(attention, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('attentionBackward equals its reference', { timeout: MOST_MS }, async () => {
  // Any lse is as good as another for the formula; this one keeps p below 1 for most scores.
  const consistent = cases.map((one) => ({ ...one, inputs: { ...one.inputs, lse: (random: () => number, length: number) => Array.from({ length }, () => 4 + random()) } }));
  const ran = await checkKernel(attentionBackward, { cases: consistent, tolerance: 1e-4 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

/** A batch row whose keys and values are NaN where its length ends, as in a cache that has held something else. */
const spoiled = (lengths: readonly number[], row: number) => (random: () => number, length: number): number[] => {
  const perBatch = length / lengths.length;
  return Array.from({ length }, (_, i) => (i % perBatch < lengths[Math.floor(i / perBatch)]! * row ? random() - 0.5 : NaN));
};

test('what lies past the length of a row is never used', { timeout: MOST_MS }, async () => {
  const lengths = [3, 130, 0];
  for (const queries of [1, 7]) {
    const one: KernelCase = {
      dims: sizes({ batch: 3, queries, keys: 150 }), uniforms: { causal: 1 }, with: ['lengths', 'offsets'],
      inputs: { lengths: () => lengths, offsets: () => lengths.map((length) => length - queries), k: spoiled(lengths, 16), v: spoiled(lengths, 16) },
    };
    await checkKernel(attention, { cases: [one] });
    await checkKernel(attentionBackward, { cases: [{ ...one, inputs: { ...one.inputs, lse: (_, length) => Array.from({ length }, () => 3) } }], tolerance: 1e-4 });
  }
});

test('rows that begin alike may be read in one of them', async () => {
  const [keys, row] = [150, 16];
  // Rows 0 and 2 share 140 keys, row 1 shares 3 with row 0; what a count leaves out differs.
  const alike = (random: () => number): number[] => {
    const values = Array.from({ length: 3 * keys * row }, () => random() - 0.5);
    for (const [to, count] of [[1, 3], [2, 140]] as const) for (let i = 0; i < count * row; i++) values[to * keys * row + i] = values[i]!;
    return values;
  };
  await checkKernel(attention, { cases: [1, 2, 7].map((queries) => ({
    dims: { ...sizes({ batch: 3, queries, keys }), pair: 2 }, uniforms: { causal: 1 }, with: ['twins', 'lengths', 'offsets'],
    inputs: {
      k: alike, v: alike, twins: () => [0, 150, 0, 3, 0, 140], lengths: () => [150, 20, 145], offsets: () => [150, 20, 145].map((length) => length - queries),
    },
  })) });
});

test('any mix of sizes and masks equals the reference', { timeout: MOST_MS }, async () => {
  const optional = fc.subarray(['segments', 'lengths', 'offsets', 'bias', 'prefixes']);
  const small = fc.integer({ min: 1, max: 3 });
  await fc.assert(fc.asyncProperty(
    fc.record({
      batch: small, kvHeads: small, group: small, width: fc.integer({ min: 1, max: 40 }), causal: fc.constantFrom(0, 1),
      queries: fc.integer({ min: 1, max: 60 }), keys: fc.integer({ min: 1, max: 270 }), window: fc.constantFrom(0, 0, 1, 5, 40, 2 ** 31 - 1),
      offset: fc.constantFrom(-1, -1, 0, 3, -7, 100), softCap: fc.constantFrom(0, 0, 0.5, 30), with: optional, segments: fc.constantFrom(documents, branches),
    }),
    async ({ batch, kvHeads, group, width, causal, queries, keys, window, offset, softCap, with: ports, segments }) => {
      const one: KernelCase = {
        dims: sizes({ batch, queries, keys, heads: kvHeads * group, kvHeads, width, biasHeads: kvHeads * group }),
        uniforms: { causal, window, offset, softCap }, with: ports,
        inputs: {
          segments,
          prefixes: (random, length) => Array.from({ length }, () => Math.floor(random() * (keys + 20)) - 10),
          lengths: (random, length) => Array.from({ length }, () => Math.floor(random() * (keys + 1))),
          offsets: (random, length) => Array.from({ length }, () => Math.floor(random() * (keys + 20)) - 10),
          q: (random, length) => Array.from({ length }, () => random() - 0.5),
          lse: (random, length) => Array.from({ length }, () => 3 + random()),
        },
      };
      await checkKernel(attention, { cases: [one] });
      await checkKernel(attentionBackward, { cases: [one], tolerance: 1e-4 });
    },
  ), { numRuns: 25 });
});

test('the gradient of the reference is right by central differences', () => {
  checkGradient(attention, attentionBackward, {
    cases: [
      { dims: sizes({ queries: 5, heads: 4, kvHeads: 2, width: 3 }), uniforms: { causal: 1 } },
      { dims: sizes({ queries: 4, width: 3, biasHeads: 2 }), uniforms: { causal: 1, scale: 1.5, softCap: 0.8 }, with: ['bias'] },
      { dims: sizes({ batch: 2, queries: 4, keys: 6, width: 2 }), uniforms: { window: 2, scale: 0.4 }, with: ['bias', 'segments'], inputs: { segments: () => [0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 2, 2] } },
      { dims: sizes({ batch: 2, queries: 3, keys: 6, width: 2 }), uniforms: { causal: 1 }, with: ['lengths', 'offsets'], inputs: { lengths: () => [0, 5], offsets: () => [-1, 2] } },
    ],
    gradients: { q: 'dq', k: 'dk', v: 'dv' }, dy: { o: 'dout' },
  });
});

/** Runs the forward kernel's reference on random numbers and returns its inputs and outputs by name. */
function forward(shape: Shape, uniforms: Uniforms, given: Record<string, Float64Array> = {}, seed: number = 1): Record<string, Float64Array> {
  const { batch = 0, queries = 0, keys = 0, heads = 0, kvHeads = 0, width = 0 } = sizes(shape);
  const random = seededRandom(seed);
  const draw = (length: number): Float64Array => Float64Array.from({ length }, () => 2 * random() - 1);
  const io: Record<string, Float64Array> = {
    q: draw(batch * queries * heads * width), k: draw(batch * keys * kvHeads * width), v: draw(batch * keys * kvHeads * width),
    o: new Float64Array(batch * queries * heads * width), lse: new Float64Array(batch * heads * queries), ...given,
  };
  attention.reference(io, sizes(shape), { ...attention.uniforms, ...uniforms });
  return io;
}

/** Position `at` of the middle axis, as one row of heads × width numbers. */
const rowOf = (values: Float64Array, at: number, length: number): Float64Array => values.subarray(at * length, (at + 1) * length);

test('causal attention on a prefix is the prefix of the whole', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 6 }), (short, more, window) => {
    const whole = forward({ queries: short + more }, { causal: 1, window });
    const row = 2 * 8;
    const prefix = forward({ queries: short }, { causal: 1, window }, {
      q: whole.q!.slice(0, short * row), k: whole.k!.slice(0, short * row), v: whole.v!.slice(0, short * row),
    });
    expect(prefix.o).toEqual(whole.o!.slice(0, short * row));
  }));
});

test('the last queries over all keys are the end of the whole', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 }), (last, cached) => {
    const whole = forward({ queries: cached + last }, { causal: 1 });
    const from = cached * 2 * 8;
    const decoded = forward({ queries: last, keys: cached + last }, { causal: 1 }, { q: whole.q!.slice(from), k: whole.k!, v: whole.v! });
    expect(decoded.o).toEqual(whole.o!.slice(from));
  }));
});

test('packed documents are attended to one by one', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }), fc.constantFrom(0, 1), (lengths, causal) => {
    const segments = Float64Array.from(lengths.flatMap((length, id) => Array.from({ length }, () => id)));
    const packed = forward({ queries: segments.length }, { causal }, { segments });
    const row = 2 * 8;
    let from = 0;
    for (const length of lengths) {
      const part = (values: Float64Array): Float64Array => values.slice(from * row, (from + length) * row);
      const alone = forward({ queries: length }, { causal }, { q: part(packed.q!), k: part(packed.k!), v: part(packed.v!) });
      expect(alone.o).toEqual(part(packed.o!));
      from += length;
    }
  }));
});

test('a window as long as the sequence changes nothing, and a window of one gives the values', () => {
  const causal = forward({ queries: 7 }, { causal: 1 });
  expect(forward({ queries: 7 }, { causal: 1, window: 7 }).o).toEqual(causal.o);
  const own = forward({ queries: 7 }, { causal: 1, window: 1 });
  expect(own.o).toEqual(own.v);
});

test('sharing a key head equals repeating it', () => {
  const grouped = forward({ queries: 5, heads: 4, kvHeads: 2 }, { causal: 1 });
  const repeated = (values: Float64Array): Float64Array => Float64Array.from({ length: 5 * 4 * 8 }, (_, i) => {
    const position = Math.floor(i / 32), head = Math.floor((i % 32) / 8);
    return rowOf(values, position * 2 + Math.floor(head / 2), 8)[i % 8]!;
  });
  const plain = forward({ queries: 5, heads: 4, kvHeads: 4 }, { causal: 1 }, { q: grouped.q!, k: repeated(grouped.k!), v: repeated(grouped.v!) });
  expect(plain.o).toEqual(grouped.o);
});

test('two keys by hand: scores 0 and ln 3 weigh the values 1 : 3', async () => {
  const io = forward({ queries: 1, keys: 2, heads: 1, width: 1 }, { scale: 1 }, {
    q: Float64Array.of(1), k: Float64Array.of(0, Math.log(3)), v: Float64Array.of(4, 8),
  });
  expect(io.o![0]).toBeCloseTo((1 * 4 + 3 * 8) / 4, 12);
  expect(io.lse![0]).toBeCloseTo(Math.log(1 + 3), 12);
});

test('a NaN in a query stays in its row', async () => {
  const device = await createWasmDevice({ threads: 1 });
  for (const queries of [1, 4]) {
    const dims = sizes({ batch: 2, queries, keys: 5, heads: 1, width: 4 });
    const row = queries * 4;
    const length = { q: 2 * row, k: 40, v: 40, o: 2 * row, lse: 2 * queries };
    const at = Object.fromEntries(Object.entries(length).map(([name, size]) => [name, device.heap.alloc(size * 4)]));
    for (const name of ['q', 'k', 'v'] as const) device.f32(at[name]!, length[name]).fill(1);
    device.f32(at.q!, 1).fill(NaN);
    launch(device, attention, { at, dims });
    expect([...device.f32(at.o!, 2 * row)]).toEqual(Array.from({ length: 2 * row }, (_, i) => (i < 4 ? NaN : 1)));
    expect([...device.f32(at.lse!, 2 * queries)].map(Number.isNaN)).toEqual(Array.from({ length: 2 * queries }, (_, i) => i === 0));
    for (const address of Object.values(at)) device.heap.free(address);
  }
  await device.close();
});

test('sizes that do not fit are named', async () => {
  const check = (shape: Shape, optional: string[] = []): Promise<unknown> => checkKernel(attention, { cases: [{ dims: sizes(shape), with: optional }] });
  await expect(check({ queries: 2, width: 257 })).rejects.toThrow('at most 256');
  await expect(check({ queries: 2, heads: 3, kvHeads: 2 })).rejects.toThrow('multiple of kvHeads');
  await expect(check({ batch: 3, queries: 2, biasBatch: 2 }, ['bias'])).rejects.toThrow('biasBatch');
});
