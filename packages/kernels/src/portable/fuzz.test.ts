import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { portable, preparePortable } from './portable.ts';

// Random functions in two spellings: as a user writes them, and with every operation rounded to 32 bits, which is what the
// devices must come to. Only operations that round correctly everywhere take part.
interface Text { readonly plain: string; readonly exact: string }
const same = (text: string): Text => ({ plain: text, exact: text });
const rounded = (plain: string, exact: string): Text => ({ plain, exact: `Math.fround(${exact})` });
const literals = ['0', '1', '2', '3', '0.5', '0.25', '-1', '-0.75', '12'].map(same);

const { statements } = fc.letrec<{ float: Text; int: Text; condition: Text; statement: (at: number) => Text; statements: Text }>((tie) => {
  const float = tie('float');
  const int = tie('int');
  const condition = tie('condition');
  const both = (a: fc.Arbitrary<Text>, b: fc.Arbitrary<Text>, operators: readonly string[], join: (a: Text, operator: string, b: Text) => Text): fc.Arbitrary<Text> => (
    fc.tuple(a, fc.constantFrom(...operators), b).map(([left, operator, right]) => join(left, operator, right)));
  const arithmetic = (a: Text, operator: string, b: Text): Text => rounded(`(${a.plain} ${operator} ${b.plain})`, `${a.exact} ${operator} ${b.exact}`);
  const plainly = (a: Text, operator: string, b: Text): Text => ({ plain: `(${a.plain} ${operator} ${b.plain})`, exact: `(${a.exact} ${operator} ${b.exact})` });
  // Never a literal alone: two of them are reckoned out in 64 bits, or refused as always the same; one and q may leave 32 bits.
  const mixed = float.map((a) => arithmetic(same('x'), '+', a));
  const whole = fc.oneof(int, fc.constantFrom(...['7', '255', '-2'].map(same)));
  const asFloat = int.map(({ plain, exact }) => rounded(plain, exact));
  return {
    float: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom(...['x', 'w', 's', 'v'].map(same), ...literals),
      both(float, float, ['+', '-', '*'], arithmetic),
      both(mixed, asFloat, ['+', '-', '*'], arithmetic),
      both(mixed, float, ['/'], (a, _, b) => rounded(`(${a.plain} / (Math.abs(${b.plain}) + 1))`, `${a.exact} / Math.fround(Math.abs(${b.exact}) + 1)`)),
      fc.tuple(fc.constantFrom('abs', 'floor', 'ceil', 'trunc', 'sign'), float).map(([name, a]) => ({ plain: `Math.${name}(${a.plain})`, exact: `Math.${name}(${a.exact})` })),
      fc.tuple(fc.constantFrom('min', 'max'), float, float).map(([name, a, b]) => ({ plain: `Math.${name}(${a.plain}, ${b.plain})`, exact: `Math.${name}(${a.exact}, ${b.exact})` })),
      float.map((a) => ({ plain: `-(${a.plain})`, exact: `-(${a.exact})` })),
      fc.tuple(condition, float, float).map(([c, a, b]) => ({ plain: `(${c.plain} ? ${a.plain} : ${b.plain})`, exact: `(${c.exact} ? ${a.exact} : ${b.exact})` })),
      fc.tuple(int, int).map(([a, b]) => rounded(`Math.fround((${a.plain} & 1023) * (${b.plain} & 511))`, `(${a.exact} & 1023) * (${b.exact} & 511)`)),
    ),
    int: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom(...['q', 'i'].map(same)),
      both(int, whole, ['&', '|', '^'], plainly),
      both(int, int, ['<<', '>>', '>>>'], (a, operator, b) => ({ plain: `((${a.plain} ${operator} (${b.plain} & 15)) & 65535)`, exact: `((${a.exact} ${operator} (${b.exact} & 15)) & 65535)` })),
      int.map((a) => ({ plain: `~${a.plain}`, exact: `~${a.exact}` })),
      both(int, int, ['+', '-', '*'], (a, operator, b) => ({ plain: `((${a.plain} & 2047) ${operator} (${b.plain} & 511))`, exact: `((${a.exact} & 2047) ${operator} (${b.exact} & 511))` })),
    ),
    condition: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      both(mixed, float, ['<', '<=', '>', '>=', '===', '!=='], plainly),
      both(int, whole, ['<', '<=', '>', '>=', '===', '!=='], plainly),
      both(condition, condition, ['&&', '||'], plainly),
      condition.map((c) => ({ plain: `!${c.plain}`, exact: `!${c.exact}` })),
    ),
    statement: fc.oneof(
      float.map((a) => () => ({ plain: `v = ${a.plain};`, exact: `v = ${a.exact};` })),
      fc.tuple(fc.constantFrom('+', '-'), float).map(([operator, a]) => () => ({ plain: `v ${operator}= ${a.plain};`, exact: `v = Math.fround(v ${operator} ${a.exact});` })),
      fc.tuple(condition, float).map(([c, a]) => () => ({ plain: `if (${c.plain}) return ${a.plain};`, exact: `if (${c.exact}) return ${a.exact};` })),
      fc.tuple(condition, float, float).map(([c, a, b]) => (at: number) => ({
        plain: `if (${c.plain}) { const t${at} = ${a.plain}; v = t${at} - x; } else v = ${b.plain};`,
        exact: `if (${c.exact}) { const t${at} = ${a.exact}; v = Math.fround(t${at} - x); } else v = ${b.exact};`,
      })),
      fc.tuple(condition, fc.constantFrom('break', 'continue'), float, fc.integer({ min: 0, max: 5 })).map(([c, jump, a, times]) => () => ({
        plain: `for (let k = 0; k < ${times}; k++) { v += k * 0.5; if (${c.plain}) ${jump}; v -= ${a.plain}; }`,
        exact: `for (let k = 0; k < ${times}; k++) { v = Math.fround(v + k * 0.5); if (${c.exact}) ${jump}; v = Math.fround(v - ${a.exact}); }`,
      })),
    ),
    statements: fc.tuple(fc.array(tie('statement'), { maxLength: 4 }), float).map(([all, last]) => {
      const each = all.map((statement, at) => statement(at));
      const text = (spelling: keyof Text): string => `(x, w, q, s, i) => { let v = 1; ${each.map((one) => one[spelling]).join(' ')} return ${last[spelling]}; }`;
      return { plain: text('plain'), exact: text('exact') };
    }),
  };
});

const rows = 3;
const cols = 7;
const count = rows * cols;
const io = {
  x: Float64Array.from({ length: count }, (_, i) => (i * 5 % 17 - 8) / 4),
  w: Float64Array.from({ length: rows }, (_, i) => i - 1.25),
  q: Float64Array.from({ length: cols }, (_, i) => Math.imul(i + 1, 0x9e3779b1)),
  y: new Float64Array(count),
};

test('random functions come to the same as JavaScript that rounds to 32 bits', async () => {
  const devices = (await checkDevices()).filter(({ sameBitsAs }) => sameBitsAs === undefined);
  await fc.assert(fc.asyncProperty(statements, async ({ plain, exact }) => {
    const kernel = portable('random', plain, {
      inputs: { x: { dims: ['rows', 'cols'] }, w: { dims: ['rows'] }, q: { dims: ['cols'], dtype: 'int32' } }, uniforms: { s: 0.5 }, index: true,
    });
    await preparePortable(kernel);
    const fn = new Function(`return ${exact}`)() as (...values: number[]) => number;
    for (const { name, run } of devices) {
      const { y } = await run(kernel, { io, dims: { rows, cols }, uniforms: { s: 0.5 } });
      y!.forEach((actual, i) => {
        const expected = Math.fround(fn(io.x[i]!, io.w[Math.floor(i / cols)]!, io.q[i % cols]!, 0.5, i));
        // Minus zero is zero; a graphics card may fuse a product and a sum.
        if (name === 'webgpu') expect(Math.abs(actual - expected), `${name} at ${i}`).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(expected)));
        else expect(actual + 0, `${name} at ${i}`).toBe(expected + 0);
      });
    }
  }), { numRuns: devices.some(({ name }) => name === 'webgpu') ? 40 : 200, seed: 7 });
});
