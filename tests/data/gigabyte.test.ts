import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { gigabyte } from './gigabyte.mjs';

// The experiment itself is of a gigabyte: `node tests/data/gigabyte.mjs`.
test('killed at random moments and started again, nothing is lost, doubled or different', async () => {
  const { kills, kept, documents } = await gigabyte({ megabytes: 0.6, kills: 4, workers: 2, shardMib: 0.1, seed: 7, cli: fileURLToPath(new URL('data-cli.mjs', import.meta.url)) });
  expect(kills).toBe(4);
  expect(kept).toBeLessThan(documents);
});
