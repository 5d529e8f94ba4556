import { expect, test } from 'vitest';
import { portable, preparePortable } from './portable.ts';

const inputs = { x: { dims: ['n'] }, q: { dims: ['n'], dtype: 'int32' as const } };

/** What preparePortable says to the body of a function of x, q and the index i. */
async function refusalOf(source: string): Promise<string> {
  try {
    await preparePortable(portable('each', source, { inputs, index: true }));
  } catch (error) {
    return (error as Error).message;
  }
  return 'taken';
}

test.each([
  ['(x) => { while (x > 0) return 1; return 0; }', 'a while loop in line 1, `while (x > 0) return 1;`. Count with for'],
  ['(x) => { let i = 0; do { i += 1; } while (i < x); return i; }', 'a do loop'],
  ['(x) => { switch (x) { default: return 1; } }', 'returns nothing'],
  ['(x) => { switch (x) { default: x; } return 1; }', 'a switch'],
  ['(x) => { for (const k of [1, 2]) { } return x; }', 'a for-of loop'],
  ['(x) => { for (let k = 0; k < x; k++) { } return x; }', 'a for loop with bounds that are not constant in line 1, `x`'],
  ['(x) => { for (let k = 8; k > 0; k--) { } return x; }', 'a for loop with bounds that are not constant'],
  ['(x) => { for (let k = 0; k < 8; k += 2) { } return x; }', 'a for loop with bounds that are not constant'],
  ['(x) => { for (let k = 0; k < 8; k++) { k = 3; } return x; }', 'an assignment to a constant or a counter'],
  ['(x) => { let n = 0; n++; return n; }', '++ or --'],
  ['(x) => { var r = x; return r; }', 'var in line 1, `var r = x;`. Write let or const.'],
  ['(x) => { let r; r = x; return r; }', 'a variable without a value'],
  ['(x) => { const [r] = [x]; return r; }', 'a pattern'],
  ['(x) => { const r = [x, x]; return r; }', 'an array'],
  ['(x) => { const r = { x }; return r; }', 'an object'],
  ['(x) => { const f = (y) => y; return f(x); }', 'a function inside the function'],
  ['(x) => { function f(y) { return y; } return f(x); }', 'a function inside the function'],
  ['(x) => { x = x + 1; return x; }', 'an assignment to something else than a variable'],
  ['(x) => { let r = 0; const s = (r = x) * 2; return s; }', 'an assignment inside an expression'],
  ['(x) => { if (x > 0) return 1; }', 'a way through the function that returns nothing'],
  ['(x) => { return; }', 'a return without a value'],
  ['(x) => x > 0', 'a condition as the result in line 1, `x > 0`. Write condition ? 1 : 0'],
  ['(x) => (x ? 1 : 0)', 'a number where a condition is needed in line 1, `x`. Compare it'],
  ['(x) => (x > 0) * 2', 'a condition where a number is needed'],
  ['(x) => { const inside = x > 0; return inside ? 1 : 0; }', 'a condition where a number is needed'],
  ['(x) => x + k', 'the name k from outside the function in line 1, `k`. Make it a uniform'],
  ['(x) => x + Math.hypot(x, x)', 'Math.hypot in line 1, `Math.hypot(x, x)`. Every device has Math.abs'],
  ['(x) => Math.random() * x', 'Math.random'],
  ['(x) => Math.max(x, 0, 1)', 'Math.max of 3 numbers'],
  ['(x) => Number.EPSILON * x', 'a property'],
  ['(x) => helper(x)', 'a call of something else than Math'],
  ['(x) => x === Infinity ? 1 : 0', 'Infinity in line 1, `Infinity`. Graphics cards promise nothing'],
  ['(x) => x * NaN', 'NaN'],
  ['(x) => x * 1e39', 'the number 1e+39'],
  ['(x) => x + 1 / 0', 'the number Infinity'],
  ['(x) => x % 2', '% in line 1, `x % 2`. Write x & (n - 1)'],
  ['(x) => x & 1', 'a bitwise operator on something else than a 32-bit whole number in line 1, `x`'],
  ['(x, q) => { const w = q; return w; }', 'a variable for a whole number beyond 24 bits'],
  ['(x, q) => { const low = q & 255; return low & 1; }', 'variables are floats'],
  ['(x, q) => q * q', 'a product of whole numbers beyond 53 bits'],
  ['(x, q) => q + 1', 'a whole number that may leave 32 bits (-2147483647 to 2147483648)'],
  ['(x, q) => (q >>> 0) * x', 'a whole number that may leave 32 bits (0 to 4294967295)'],
  ['(x, q) => q << 40', 'a shift that may be below 0 or above 31'],
  ['(x, q, i) => i / 3', 'a division of a whole number beyond 24 bits'],
  ['(x, q) => (q > 3000000000 ? 1 : 0)', 'something else than a 32-bit whole number in line 1, `3000000000`'],
  ['(x) => (2 > 1 ? x : 0)', 'a condition that is always the same'],
  ['(x) => { "no directive"; x; return x; }', 'a statement without effect'],
  ['(x) => x ?? 1', 'the operator ??'],
  ['(x) => typeof x', 'the operator typeof'],
  ['(x) => `${x}`', 'a text'],
  ['(x) => { try { return x; } finally { } }', 'returns nothing'],
  ['(x) => (x, 1)', 'a comma between expressions'],
  ['(x = 1) => x', 'a parameter that is not a plain name'],
  ['({ x }) => x', 'a parameter that is not a plain name'],
  ['(...x) => 1', 'a parameter that is not a plain name'],
  ['(a, b, c, d) => a', 'a function of 4 parameters for 3 inputs, uniforms and index'],
  ['async (x) => x', 'an async function'],
  ['function* (x) { return x; }', 'a generator'],
  ['class A { }', 'a ClassExpression'],
  ['(x: number) => x', 'expected a function in plain JavaScript but found `(x: number) => x`'],
  ['7', 'a Literal'],
])('%s is refused', async (source, found) => {
  const message = await refusalOf(source);
  expect(message).toMatch(/^each: expected /);
  expect(message).toContain(found);
  // What was found is followed by what to do.
  expect(message).toMatch(/\. [A-Z].*[.)]$/);
});

test.each([
  '(x) => x', 'x => x', 'function (x) { return x; }', 'function named(x) { return x; }', 'method(x) { return x; }',
  '() => 1', '(x, q) => ((q & 1) === 1 ? 1 : 0)', '(x) => { "use strict"; return x; }', '(x) => +x', '(x) => { return x; x; }',
])('%s is taken', async (source) => {
  expect(await refusalOf(source)).toBe('taken');
});

test('a refusal names the line of a function of several', async () => {
  expect(await refusalOf('(x) => {\n  const a = 1;\n  return a % x;\n}')).toContain('% in line 3, `a % x`');
});
