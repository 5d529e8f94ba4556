// In a page: reward code and mathematics in module workers that are ended in the middle of what they do.
import { codeSandbox, mathsChecker } from '@llm/preference';
import { expect, test } from 'vitest';

test('reward code that loops, hangs in native code or wants the network scores 0, and the next program runs', async () => {
  const sandbox = codeSandbox({ timeoutMs: 1000 });
  const grade = (code: string) => sandbox.grade(code, { entry: 'f', cases: [{ args: [2], expected: 4 }] });
  const right = 'const f = (x) => x * x';
  expect(await grade(right)).toEqual({ score: 1, passed: 1 });
  for (const [code, reason] of [['const f = () => { for (;;); }', 'took longer'], ['const f = () => new Array(1e9).join("x")', 'took longer'], ['const f = () => fetch("/")', 'fetch']] as const) {
    expect(await grade(code)).toMatchObject({ score: 0, reason: expect.stringContaining(reason) });
    expect(await grade(right)).toEqual({ score: 1, passed: 1 });
  }
  await sandbox.close();
});

test('equal as mathematics', async () => {
  const maths = mathsChecker({ timeoutMs: 20_000 });
  expect(await maths.equal('x^2-1', '(x-1)(x+1)')).toBe(true);
  expect(await maths.equal('x^2-1', 'x^2')).toBe(false);
  await maths.close();
});
