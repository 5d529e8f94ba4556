import { type Aligned, sliced } from '../aligned/aligned-text.ts';

const SPACE = /\p{White_Space}/u;

/** White space at either end cut off. */
export function strip(text: Aligned, { left, right }: { left: boolean; right: boolean }): Aligned {
  let start = 0;
  let end = text.text.length;
  if (left) while (start < end && SPACE.test(text.text[start]!)) start++;
  if (right) while (end > start && SPACE.test(text.text[end - 1]!)) end--;
  return sliced(text, start, end);
}
