import { expect, test } from 'vitest';
import { exactAcross } from './exact-across.ts';

const summaryOf = (...texts: string[]): Uint8Array => {
  const summary = exactAcross().summarize();
  for (const [i, text] of texts.entries()) summary.add({ id: `${i}`, text });
  return summary.encode();
};

test('the first of equal texts stays, whatever the place of a summary in its buffer', async () => {
  const [first, second] = [summaryOf('a', 'b'), summaryOf('b', 'c', ' a ')];
  const shifted = new Uint8Array(second.length + 1);
  shifted.set(second, 1);
  for (const later of [second, shifted.subarray(1), { read: async (start: number, end: number) => second.slice(start, end) }]) {
    expect((await exactAcross().decide([first, later])).map(({ removed }) => [...removed])).toEqual([[0, 0], [1, 0, 1]]);
  }
});

test('a summary that was cut off is refused', async () => {
  const whole = summaryOf('a', 'b');
  for (const length of [0, 3, 4, 19, whole.length - 1]) {
    const cut = whole.subarray(0, length);
    for (const shard of [cut, { read: (start: number, end: number) => cut.slice(start, end) }]) {
      await expect(exactAcross().decide([whole, shard])).rejects.toMatchObject({ code: 'E_SUMMARY', message: expect.stringContaining('of the summary of shard 1') as string });
    }
  }
});
