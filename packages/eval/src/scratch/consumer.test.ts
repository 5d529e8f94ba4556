import { expect, test } from 'vitest';
test('consumers', async () => {
  process.chdir('/tmp');
  await import('/work/main/tests/packed/consumers/eval.mjs');
  await import('/work/main/tests/packed/consumers/eval.node.mjs');
  expect(1).toBe(1);
}, 60_000);
