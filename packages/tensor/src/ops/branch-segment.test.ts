// A packed row whose documents branch is the same as a row for each branch, outputs and gradients, on every device.
import { askedDevices } from '@llm/kernels';
import { expectClose, numbers } from '@llm/testing';
import { mul, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../autodiff/value-and-grad.ts';
import { type DeviceName, useDevice } from '../device/use-device.ts';
import { disposeTree } from '../tree/tree.ts';
import { attention, type AttentionOptions } from './attention.ts';
import { branchSegment } from './branch-segment.ts';

const [heads, kvHeads, width] = [4, 2, 4];
/** The trunk and the branches of each document, in positions. */
const documents = [[5, 7, 3], [70, 40, 1, 33], [9, 2]];
const parts = documents.flatMap((lengths, document) => lengths.map((length, branch) => ({ document, branch, length })));
const total = parts.reduce((length, part) => length + part.length, 0);
const starts = parts.map((_, i) => parts.slice(0, i).reduce((length, part) => length + part.length, 0));

type Arrays = Record<'q' | 'k' | 'v' | 'dout', Float32Array>;
const sizes = { q: heads * width, k: kvHeads * width, v: kvHeads * width, dout: heads * width };
const all = Object.fromEntries(Object.entries(sizes).map(([name, size], i) => [name, Float32Array.from(numbers(total * size, 5 + i))])) as Arrays;

/** o, and the gradients of Σ dout · o, for one row of the given positions. */
async function attend({ q, k, v, dout }: Arrays, options: AttentionOptions): Promise<Record<'o' | 'q' | 'k' | 'v', Float32Array>> {
  const length = q.length / sizes.q;
  const row = (values: Float32Array, count: number): Tensor => tensor(values, [1, length, count, width]);
  const params = { q: row(q, heads), k: row(k, kvHeads), v: row(v, kvHeads) };
  const weights = row(dout, heads);
  const { value, grads } = valueAndGrad((p: typeof params) => {
    const o = attention(p.q, p.k, p.v, options);
    return { loss: sum(mul(o, weights)), o };
  })(params);
  const read = async (x: Tensor): Promise<Float32Array> => (await x.data()).slice() as Float32Array;
  const found = { o: await read(value.o), q: await read(grads['q']!), k: await read(grads['k']!), v: await read(grads['v']!) };
  disposeTree([value, grads, params, weights] as never);
  return found;
}

/** The numbers of some parts one after the other. */
const taken = (values: Float32Array, size: number, which: readonly number[]): Float32Array => (
  Float32Array.from(which.flatMap((part) => [...values.subarray(starts[part]! * size, (starts[part]! + parts[part]!.length) * size)]))
);

const devices = [...new Set<DeviceName>(['cpu', ...askedDevices() as DeviceName[]])];

describe.each(devices)('on %s', (device) => {
  beforeAll(async () => { await useDevice(device, device === 'wasm' ? { threads: 2 } : {}); });

  test('branches packed behind their trunk equal rows of their own, and the trunk gets the sum of the gradients', async () => {
    const segments = tensor(Int32Array.from(parts.flatMap(({ document, branch, length }) => Array.from({ length }, () => branchSegment(document, branch)))), [1, total], 'int32');
    const packed = await attend(all, { segments });
    segments.dispose();
    const expected = { o: new Float64Array(total * sizes.q), q: new Float64Array(total * sizes.q), k: new Float64Array(total * sizes.k), v: new Float64Array(total * sizes.v) };
    for (const [part, { document, branch }] of parts.entries()) {
      if (branch === 0) continue;
      const trunk = parts.findIndex((other) => other.document === document);
      const row = Object.fromEntries(Object.entries(all).map(([name, values]) => [name, taken(values, sizes[name as 'q'], [trunk, part])])) as Arrays;
      // The gradient of what the trunk gives comes once.
      if (branch > 1) row.dout.fill(0, 0, parts[trunk]!.length * sizes.dout);
      const alone = await attend(row, {});
      for (const name of ['o', 'q', 'k', 'v'] as const) {
        const size = sizes[name === 'o' ? 'q' : name];
        const inTrunk = parts[trunk]!.length * size;
        alone[name].forEach((value, i) => {
          if (i >= inTrunk) expected[name][starts[part]! * size + i - inTrunk] = value;
          else if (name === 'o') expected.o[starts[trunk]! * size + i] = value;
          else expected[name][starts[trunk]! * size + i]! += value;
        });
      }
    }
    for (const name of ['o', 'q', 'k', 'v'] as const) expectClose(packed[name], expected[name], { tolerance: 1e-5, name });
  });

  test('a prefix as long as the row is attention without a causal mask, and gradients reach it from every position', async () => {
    const prefixes = tensor([total], [1], 'int32');
    const [open, full] = [await attend(all, { prefixes }), await attend(all, { causal: false })];
    for (const name of ['o', 'q', 'k', 'v'] as const) expectClose(open[name], full[name], { tolerance: 1e-5, name });
    prefixes.dispose();
    // Of two positions the first is the prefix: it sees itself alone, as the causal mask has it, and with 2 both.
    const two = Object.fromEntries(Object.entries(all).map(([name, values]) => [name, values.slice(0, 2 * sizes[name as 'q'])])) as Arrays;
    const one = tensor([1], [1], 'int32');
    expectClose((await attend(two, { prefixes: one })).o, (await attend(two, {})).o, { tolerance: 1e-6 });
    one.dispose();
  });
});

test('what no segment can hold is refused', () => {
  expect([branchSegment(0, 0), branchSegment(65_535, 0), branchSegment(3, 2), branchSegment(65_535, 32_767)]).toEqual([0, 65_535, 131_075, 2 ** 31 - 1]);
  for (const [document, branch] of [[-1, 0], [65_536, 0], [0.5, 0], [NaN, 1]] as const) expect(() => branchSegment(document, branch)).toThrow('branchSegment: expected a document from 0 to 65535');
  for (const branch of [-1, 32_768, 1.5]) expect(() => branchSegment(1, branch)).toThrow('branchSegment: expected a branch from 0');
});
