export interface ExactSubstringsOptions {
  /** Shortest repetition that counts, in bytes of UTF-8. Default 100. */
  readonly minBytes?: number;
  /** The first of equal stretches stays (true, the default), or all go. */
  readonly keepFirst?: boolean;
}

export interface ExactSubstrings {
  /** What is left of each text. */
  readonly texts: readonly string[];
  /** Bytes taken out in all. */
  readonly removedBytes: number;
}

/** Numbers pairs (class of i, class of i + step) densely in their order: the classes of stretches of `step` more bytes. */
function refine(classes: Int32Array, step: number, count: number): { classes: Int32Array; count: number } {
  const n = classes.length;
  const second = (i: number): number => (i + step < n ? (classes[i + step] as number) + 1 : 0);
  const sortBy = (order: Int32Array, keyOf: (i: number) => number): Int32Array => {
    const next = new Int32Array(count + 2);
    for (let i = 0; i < n; i++) {
      const slot = keyOf(i) + 1;
      next[slot] = (next[slot] as number) + 1;
    }
    for (let i = 1; i < next.length; i++) next[i] = (next[i] as number) + (next[i - 1] as number);
    const sorted = new Int32Array(n);
    for (let k = 0; k < n; k++) {
      const i = order[k] as number;
      const slot = keyOf(i);
      sorted[next[slot] as number] = i;
      next[slot] = (next[slot] as number) + 1;
    }
    return sorted;
  };
  const order = sortBy(sortBy(Int32Array.from(classes.keys()), second), (i) => classes[i] as number);
  const refined = new Int32Array(n);
  let last = -1;
  for (let k = 0; k < n; k++) {
    const i = order[k] as number;
    const before = order[k - 1];
    if (before === undefined || classes[before] !== classes[i] || second(before) !== second(i)) last++;
    refined[i] = last;
  }
  return { classes: refined, count: last + 1 };
}

/**
 * Takes out of a set of texts every stretch of at least `minBytes` bytes that came before, in the same text or an earlier one,
 * letter for letter. Found with the ranks of a suffix array (sorted by the first 1, 2, 4, … bytes until `minBytes` are
 * covered), so without false hits; stretches do not reach from one text into the next, may overlap what they
 * repeat, and no character is cut.
 *
 * Time O(n log minBytes), memory about 21 bytes for each byte of text: split what does not fit.
 * Manber and Myers 1993, https://doi.org/10.1137/0222058; Lee et al. 2022, https://arxiv.org/abs/2107.06499
 *
 * @throws RangeError for `minBytes` below 1, and for texts of 2 GiB or more in all.
 *
 * @example
 * ```ts
 * import { exactSubstrings } from '@llm/data-quality';
 * const { texts } = exactSubstrings(['All rights reserved. One.', 'Two. All rights reserved.'], { minBytes: 20 });
 * console.assert(texts.join('|') === 'All rights reserved. One.|Two. ');
 * ```
 */
export function exactSubstrings(texts: readonly string[], { minBytes = 100, keepFirst = true }: ExactSubstringsOptions = {}): ExactSubstrings {
  if (!(Number.isInteger(minBytes) && minBytes >= 1)) throw new RangeError(`exactSubstrings: expected a whole number of bytes above 0 but found minBytes = ${minBytes}. Use 100.`);
  const encoder = new TextEncoder();
  const parts = texts.map((text) => encoder.encode(text));
  const n = parts.reduce((sum, part) => sum + part.length, 0);
  if (n >= 2 ** 31 - 2) throw new RangeError(`exactSubstrings: expected less than 2 GiB of text but found ${n} bytes. Split it.`);
  let classes: Int32Array = new Int32Array(n);
  let at = 0;
  for (const part of parts) {
    classes.set(part, at);
    at += part.length;
  }
  let count = 256;
  let covered = 1;
  while (covered < minBytes) {
    // The last step overlaps what is covered, so that any length can be reached.
    const step = Math.min(covered, minBytes - covered);
    ({ classes, count } = refine(classes, step, count));
    covered += step;
  }

  const times = new Int32Array(count);
  const eachWindow = (visit: (i: number) => void): void => {
    let start = 0;
    for (const { length } of parts) {
      for (let i = start; i + minBytes <= start + length; i++) visit(i);
      start += length;
    }
  };
  if (!keepFirst) eachWindow((i) => void (times[classes[i] as number] = (times[classes[i] as number] as number) + 1));
  const gone = new Uint8Array(n);
  let goneUntil = 0;
  eachWindow((i) => {
    const seen = times[classes[i] as number] as number;
    if (keepFirst) times[classes[i] as number] = 1;
    if (seen < (keepFirst ? 1 : 2)) return;
    gone.fill(1, Math.max(i, goneUntil), i + minBytes);
    goneUntil = i + minBytes;
  });

  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let removedBytes = 0;
  let start = 0;
  const left = parts.map((part, index) => {
    const kept = new Uint8Array(part.length);
    let to = 0;
    for (let i = 0; i < part.length; ) {
      let end = i + 1;
      while (end < part.length && ((part[end] as number) & 0xc0) === 0x80) end++;
      const whole = gone.subarray(start + i, start + end).every((each) => each === 1);
      if (!whole) {
        kept.set(part.subarray(i, end), to);
        to += end - i;
      }
      i = end;
    }
    start += part.length;
    removedBytes += part.length - to;
    return to === part.length ? (texts[index] as string) : decoder.decode(kept.subarray(0, to));
  });
  return { texts: left, removedBytes };
}
