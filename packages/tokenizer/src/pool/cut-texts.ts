import type { Texts } from '../batch/encoded-batch.ts';

const sizeOf = (text: unknown): number => (typeof text === 'string' ? text.length : 0);

/**
 * Where texts are cut into shares, whole texts in order: the first of each share, and the end. There are about `shares` of them, of at
 * most about `most` UTF-16 units and at least `least`.
 */
export function cutTexts(texts: Texts, { shares, most, least }: { shares: number; most: number; least: number }): number[] {
  // A pair of what is no text is sent as well: the thread says what is wrong with it.
  const sizes = texts.map((text) => (typeof text === 'string' ? text.length : sizeOf(text[0]) + sizeOf(text[1])));
  const wanted = Math.min(most, Math.max(least, sizes.reduce((sum, size) => sum + size, 0) / shares));
  const cuts = [0];
  let size = 0;
  sizes.forEach((units, i) => {
    size += units;
    if (size < wanted || i + 1 === texts.length) return;
    cuts.push(i + 1);
    size = 0;
  });
  if (texts.length > 0) cuts.push(texts.length);
  return cuts;
}
