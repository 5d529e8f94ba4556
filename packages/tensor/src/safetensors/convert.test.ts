import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromFloat32, toFloat32 } from './convert.ts';
import type { Dtype } from './dtype.ts';

const SMALL: readonly Dtype[] = ['F16', 'BF16', 'F8_E4M3', 'F8_E5M2', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'];

const through = (dtype: Dtype, ...values: number[]): number[] => [...toFloat32(fromFloat32(Float32Array.from(values), dtype))];

/** Every value of a dtype by code, with the codes. */
function allValues(dtype: Dtype): { code: number; value: number }[] {
  const eight = dtype.startsWith('F8');
  const codes = eight ? Uint8Array.from({ length: 256 }, (_, i) => i) : Uint16Array.from({ length: 65536 }, (_, i) => i);
  const values = toFloat32({ dtype, shape: [codes.length], data: new Uint8Array(codes.buffer) });
  return [...values].map((value, code) => ({ code, value }));
}

describe('F16', () => {
  test('65504 is the largest; from half-way to the next step on it is infinite', () => {
    expect(through('F16', 65504, 65519.99, 65520, 1e30, -65520)).toEqual([65504, 65504, Infinity, Infinity, -Infinity]);
  });

  test('ties go to even: 2049 lies between 2048 and 2050, 2051 between 2050 and 2052', () => {
    expect(through('F16', 2049, 2051, 2049.01)).toEqual([2048, 2052, 2050]);
  });

  test('subnormals reach down to 2^-24, half of which is zero', () => {
    expect(through('F16', 2 ** -24, 2 ** -25, 1.5 * 2 ** -24, 2.5 * 2 ** -24)).toEqual([2 ** -24, 0, 2 ** -23, 2 ** -23]);
    expect(through('F16', 2 ** -14 - 2 ** -26)).toEqual([2 ** -14]);
  });

  test('signs, of zero too, and NaN stay', () => {
    expect(through('F16', -0, -1, NaN, Infinity)).toEqual([-0, -1, NaN, Infinity]);
  });
});

describe('BF16', () => {
  test('keeps the range of F32 with 8 bits of precision, ties to even', () => {
    // 1 + 1/256 is half-way between 1 and 1 + 1/128; 1 + 3/256 between 1 + 1/128 and 1 + 2/128.
    expect(through('BF16', 1 + 1 / 256, 1 + 3 / 256, 2 ** 100, 2 ** -140)).toEqual([1, 1 + 2 / 128, 2 ** 100, 0]);
    expect(through('BF16', 2 ** -133, 3.4e38, -3.4e38)).toEqual([2 ** -133, Infinity, -Infinity]);
  });
});

describe('the 8-bit floats', () => {
  test('E4M3 ends at 448 and has no infinity', () => {
    expect(through('F8_E4M3', 448, 464, 465, Infinity, 2 ** -9, 2 ** -10)).toEqual([448, 448, NaN, NaN, 2 ** -9, 0]);
  });

  test('E5M2 ends at 57344, then comes infinity', () => {
    expect(through('F8_E5M2', 57344, 61439, 61440, 2 ** -16, 2 ** -17)).toEqual([57344, 57344, Infinity, 2 ** -16, 0]);
  });

  test('the FNUZ formats have one zero, and NaN in place of the other', () => {
    expect(through('F8_E4M3FNUZ', 240, 248, -0, NaN)).toEqual([240, NaN, 0, NaN]);
    expect(through('F8_E5M2FNUZ', 57344, 61440, -(2 ** -30))).toEqual([57344, NaN, 0]);
  });

  test('saturating, overflow becomes the largest value and NaN stays', () => {
    const { data } = fromFloat32(Float32Array.of(1e9, -Infinity, NaN), 'F8_E4M3', { saturate: true });
    expect([...data]).toEqual([0x7e, 0xfe, 0x7f]);
  });

  test('E8M0 holds powers of two', () => {
    expect([...toFloat32({ dtype: 'F8_E8M0', shape: [4], data: Uint8Array.of(0, 127, 254, 255) })]).toEqual([2 ** -127, 1, 2 ** 127, NaN]);
  });
});

describe.each(SMALL)('%s', (dtype) => {
  const all = allValues(dtype);
  const finite = all.filter(({ value }) => Number.isFinite(value)).sort((a, b) => a.value - b.value);

  test('every code but the NaNs survives widening and narrowing', () => {
    const values = Float32Array.from(all, ({ value }) => value);
    const { data } = fromFloat32(values, dtype);
    const codes = dtype.startsWith('F8') ? data : new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    const wrong = all.filter(({ code, value }) => !Number.isNaN(value) && codes[code] !== code);
    expect(wrong).toEqual([]);
  });

  test('a float becomes the nearest value, and of two equally near the one with an even code', () => {
    const largest = finite.at(-1)!.value;
    fc.assert(fc.property(fc.float({ noNaN: true, min: Math.fround(-largest), max: Math.fround(largest) }), (x) => {
      let low = 0;
      let high = finite.length - 1;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (finite[middle]!.value <= x) low = middle;
        else high = middle;
      }
      const [below, above] = [finite[low]!, finite[high]!];
      const [down, up] = [x - below.value, above.value - x];
      const expected = down < up || (down === up && below.code % 2 === 0) ? below : above;
      const found = through(dtype, x)[0]!;
      expect(found === expected.value).toBe(true);
    }), { numRuns: 2000 });
  });
});

test('integers, booleans and doubles become the nearest float', () => {
  const raw = (dtype: Dtype, data: ArrayBufferView, n: number): number[] => [...toFloat32({ dtype, shape: [n], data: new Uint8Array(data.buffer as ArrayBuffer) })];
  expect(raw('I64', BigInt64Array.of(-1n, 2n ** 53n), 2)).toEqual([-1, 2 ** 53]);
  expect(raw('U64', BigUint64Array.of(2n ** 64n - 1n), 1)).toEqual([2 ** 64]);
  expect(raw('I32', Int32Array.of(16777217), 1)).toEqual([16777216]);
  expect(raw('BOOL', Uint8Array.of(0, 1, 255), 3)).toEqual([0, 1, 1]);
  expect(raw('F64', Float64Array.of(0.1), 1)).toEqual([Math.fround(0.1)]);
});

test('aligned F32 is a view, and bytes at an odd offset are read all the same', () => {
  const data = new Uint8Array(Float32Array.of(1, 2).buffer);
  expect(toFloat32({ dtype: 'F32', shape: [2], data }).buffer).toBe(data.buffer);
  const odd = new Uint8Array(9).subarray(1);
  odd.set(data);
  expect([...toFloat32({ dtype: 'F32', shape: [2], data: odd })]).toEqual([1, 2]);
});

test('what cannot be converted is refused with a reason', () => {
  expect(() => toFloat32({ dtype: 'C64', shape: [1], data: new Uint8Array(8) })).toThrow(/real numbers of whole bytes but found C64/);
  expect(() => toFloat32({ dtype: 'F4', shape: [2], data: new Uint8Array(1) })).toThrow(/but found F4/);
  expect(() => toFloat32({ dtype: 'F16', shape: [3], data: new Uint8Array(4) })).toThrow(/expected 6 bytes for F16 \[3\] but found 4/);
  expect(() => toFloat32({ dtype: 'F17' as 'F16', shape: [1], data: new Uint8Array(2) })).toThrow(/found "F17"/);
  expect(() => fromFloat32(new Float32Array(2), 'I32')).toThrow(/Write integers from their own typed array/);
  expect(() => fromFloat32(new Float32Array(2), 'F16', { shape: [3] })).toThrow(/expected 3 values for \[3\] but found 2/);
});
