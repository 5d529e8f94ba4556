// The exponential function and the logarithm against sums over whole numbers of 300 bits.
import { expect, test } from 'vitest';
import { expOf, logOf } from './exp-log.ts';

const BITS = 300n;
const ONE = 1n << BITS;

/** A double as a fraction over 2^BITS, which holds it to the last bit where it is not tiny. */
function exact(x: number): bigint {
  let shift = 0;
  while (!Number.isInteger(x)) {
    x *= 2;
    shift++;
  }
  return (BigInt(x) << BITS) >> BigInt(shift);
}

function expExact(x: number): bigint {
  // Divided by 2¹⁰ first and squared ten times then.
  const small = exact(x) >> 10n;
  let sum = 0n;
  for (let term = ONE, n = 1n; term !== 0n && term !== -1n; term = (term * small) / (ONE * n), n++) sum += term;
  for (let i = 0; i < 10; i++) sum = (sum * sum) >> BITS;
  return sum;
}

/** By how many units in the last place of `found` it differs from `wanted`. */
function units(found: number, wanted: bigint): number {
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(found))) - 52);
  return Math.abs(Number(((exact(found) - wanted) << 60n) / exact(unit)) / 2 ** 60);
}

let seed = 1;
const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;

test('e to the x is right to 0.51 units in the last place', () => {
  const values = [0, 1, -1, 0.5, -49.9, ...Array.from({ length: 300 }, (_, i) => (i % 2 ? -random() * 50 : (random() - 0.5) * 8))];
  expect(values.map((x) => units(expOf(x), expExact(x))).reduce((most, each) => Math.max(most, each), 0)).toBeLessThan(0.51);
  expect([expOf(0), expOf(-800), expOf(800), expOf(NaN)]).toEqual([1, 0, Infinity, NaN]);
});

test('ln x is right to 0.51 units in the last place', () => {
  const values = [2, 3, 10, 0.5, 1e-300, 1e300, 0.999999, ...Array.from({ length: 300 }, (_, i) => [1 + random(), Math.ceil(random() * 9999), random() * 1e6, 1 + (random() - 0.5) / 40][i % 4]!)];
  const errors = values.map((x) => {
    // y = ln x is off by (eʸ − x)/x.
    const y = logOf(x);
    const scale = 2 ** Math.floor(Math.log2(x));
    const power = Math.log2(scale);
    const inner = y - power * Math.LN2;
    if (Math.abs(power) > 20) return Math.abs(y / Math.log(x) - 1) < 3e-16 && Number.isFinite(inner) ? 0 : 1;
    const of = exact(x);
    return units(y, exact(y) - ((expExact(y) - of) * ONE) / of);
  });
  expect(errors.reduce((most, each) => Math.max(most, each), 0)).toBeLessThan(0.51);
  expect([logOf(1), logOf(0), logOf(-1), logOf(Infinity)]).toEqual([0, -Infinity, NaN, Infinity]);
});
