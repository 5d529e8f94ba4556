import { processorMilliseconds } from '@llm/testing/node';
import { afterAll, describe, expect, test } from 'vitest';
import { accuracy } from './accuracy.ts';
import { extractAnswer } from './extract-answer.ts';
import { mathsChecker } from './maths-checker.ts';
import { normalizeAnswer } from './normalize-answer.ts';
import { plainNumber } from './plain-number.ts';

const maths = mathsChecker({ timeoutMs: 2000 });
afterAll(() => maths.close());

test('the answer is the last boxed one, else what is marked, else what is said to be it', () => {
  const cases: [string, string | undefined][] = [
    ['\\boxed{1} no, \\boxed{\\frac{a}{b}}', '\\frac{a}{b}'], ['\\boxed{\\{1,2\\}}', '\\{1,2\\}'], ['\\boxed{1', undefined], ['\\boxed 7', '7'],
    ['1 + 1\n#### 2 \nmore', '2'], ['The answer is 3.5. So there.', '3.5'], ['Answer: x = 4', 'x = 4'], ['the final answer is $\\sqrt2$.', '$\\sqrt2$'],
    ['it is 5', undefined], ['', undefined], ['####', undefined],
  ];
  for (const [text, expected] of cases) expect(extractAnswer(text), text).toBe(expected);
});

test('answers in one form', () => {
  const cases: [string, string][] = [
    ['1{,}000', '1000'], ['1,234,567.5', '1234567.5'], ['\\text{(B)}', 'B'], ['(c)', 'C'], ['\\dfrac{1}{2}', '\\frac{1}{2}'], ['\\tfrac 3 4', '\\frac{3}{4}'],
    ['x = 5', '5'], ['90^\\circ', '90'], ['5\\text{ cm}', '5'], ['5 m', '5'], ['5m', '5m'], ['\\$ 18', '18'], ['12 dollars.', '12'], ['50\\%', '50%'], ['\\left( 1, 2 \\right)', '(1,2)'], ['\\sqrt2', '\\sqrt{2}'], ['−3', '-3'],
  ];
  for (const [text, expected] of cases) expect(normalizeAnswer(text), text).toBe(expected);
});

test('plain numbers', () => {
  const cases: [string, number | undefined][] = [
    ['12', 12], ['-.5', -0.5], ['3/4', 0.75], ['-\\frac{1}{4}', -0.25], ['2\\frac{1}{2}', 2.5], ['1.5\\times10^{3}', 1500], ['2e-3', 0.002], ['25%', 0.25],
    ['x', undefined], ['1+1', undefined], ['', undefined], ['1.2.3', undefined],
  ];
  for (const [text, expected] of cases) expect(plainNumber(text), text).toBe(expected);
});

describe('equal answers', () => {
  test.each([
    ['1/2', '0.5'], ['\\sqrt{8}', '2\\sqrt{2}'], ['x^2-1', '(x-1)(x+1)'], ['\\frac{\\pi}{3}', '\\pi/3'], ['50\\%', '\\frac{1}{2}'], ['50', '50\\%'], ['1{,}000', '1000'], ['\\text{(B)}', 'B'],
    ['(1, \\frac{1}{2})', '(1, 0.5)'], ['\\{3, 1, 2\\}', '\\{1,2,3\\}'], ['2 and 3', '3, 2'], ['[0, 1)', '[0,1)'], ['$x=4$', '4'], ['2x+3', '3+2x'], ['0.333333', '\\frac13'],
    ['\\$18', '18'], ['18 dollars', '18'], ['Monday', 'monday'], ['10^3', '1000'], ['\\frac{3}{\\sqrt{3}}', '\\sqrt{3}'], ['(x+1)(x+2)', 'x^2+3x+2'],
  ])('%s = %s', async (a, b) => {
    expect(await maths.equal(a, b)).toBe(true);
    expect(await maths.equal(b, a)).toBe(true);
  });

  test.each([
    ['1', '2'], ['0.33', '\\frac13'], ['x^2', 'x^3'], ['(1,2)', '(2,1)'], ['(0,1)', '[0,1]'], ['\\{1,2\\}', '\\{1,2,2\\}'], ['A', 'B'], ['', '1'], ['\\frac{1}{', '1'], ['1000000', '1000001'],
    ['x', 'y'], ['1,2', '1'], ['\\infty', '1'], ['yes', '1'], ['))((', '1'], ['\\sqrt{2}', '1.41'],
  ])('%s ≠ %s', async (a, b) => {
    expect(await maths.equal(a, b)).toBe(false);
    expect(await maths.equal(b, a)).toBe(false);
  });

  test('what takes for ever is different, within the limit, and the next is answered', async () => {
    const quick = mathsChecker({ timeoutMs: 2000 });
    await quick.equal('x+1', '1+x');
    const started = processorMilliseconds();
    expect(await quick.equal('9^{9^{9^{9}}}!', '(x+y+z+1)^{9999}')).toBe(false);
    expect(processorMilliseconds() - started).toBeLessThan(30_000);
    expect(await quick.equal('\\sqrt{8}', '2\\sqrt{2}')).toBe(true);
    await quick.close();
  });
});

test('the reward: right, wrong, none, not known, and only after the thought', async () => {
  const reward = accuracy<{ ids: number[]; answer: string | undefined }>({ maths, reference: ({ answer }) => answer });
  const ask = (text: string, answer: string | undefined, of = reward) => of({ text, prompt: { ids: [], answer }, ids: new Int32Array(0), reason: 'eos' });
  expect(await ask('\\boxed{0.5}', '\\frac{1}{2}')).toBe(1);
  expect(await ask('so \\boxed{3}', 'She has 18 eggs.\n#### 18')).toBe(0);
  expect(await ask('\\boxed{18}', 'She has 18 eggs.\n#### 18')).toBe(1);
  expect(await ask('18', '18')).toBe(0);
  expect(await ask('\\boxed{1}', undefined)).toBeUndefined();
  const thoughtful = accuracy<{ ids: number[]; answer: string | undefined }>({ maths, reference: ({ answer }) => answer, after: '</think>' });
  expect(await ask('<think>\\boxed{1}</think> \\boxed{2}', '2', thoughtful)).toBe(1);
  expect(await ask('<think>\\boxed{2}', '2', thoughtful)).toBe(0);
});
