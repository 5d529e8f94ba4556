import { expect, test } from 'vitest';
import { bitsPerByteByDomain } from './bits-per-byte.ts';

const scorer = { loglikelihoodRolling: async (texts: readonly string[]) => texts.map((text) => -Math.LN2 * (text.startsWith('x') ? 10 : 4)) };

test('long texts weigh by their bytes, domains alike in the mean', async () => {
  const found = await bitsPerByteByDomain(scorer, [{ domain: 'a', text: 'xé😀' }, { domain: 'a', text: 'yy' }, { domain: 'b', text: 'z' }, { domain: 'c', text: '' }]);
  // 1 + 2 + 4 bytes with 10 bits, 2 with 4, 1 with 4.
  expect(found.domains).toEqual({ a: { bitsPerByte: expect.closeTo(14 / 9, 12) as number, bytes: 9, texts: 2 }, b: { bitsPerByte: expect.closeTo(4, 12) as number, bytes: 1, texts: 1 } });
  expect(found.bitsPerByte).toBeCloseTo(18 / 10, 12);
  expect(found.mean).toBeCloseTo((14 / 9 + 4) / 2, 12);
});

test('no bytes at all', async () => {
  await expect(bitsPerByteByDomain(scorer, [{ domain: 'a', text: '' }])).rejects.toThrow(/none among 1/);
});
