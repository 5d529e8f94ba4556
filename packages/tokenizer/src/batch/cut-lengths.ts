/** How far texts are cut to fit a length. */
export interface TruncationOptions {
  /** Ids of a row at most, those of the post-processor included. 512 by default. */
  readonly maxLength?: number;
  /**
   * What of a pair is cut: `longestFirst` (the default) makes the longer text as long as the other, then both; `onlyFirst` and
   * `onlySecond` cut that text and no other.
   */
  readonly strategy?: 'longestFirst' | 'onlyFirst' | 'onlySecond';
  /** The end that is cut off, `right` by default. */
  readonly direction?: 'left' | 'right';
}

/** How many ids are left of the first text and of the second, where together they may have `room`; `second` is undefined where there is none. */
export function cutLengths(
  first: number, second: number | undefined, { room, strategy }: { room: number; strategy: NonNullable<TruncationOptions['strategy']> },
): [first: number, second: number] {
  const total = first + (second ?? 0);
  if (room === 0) return [0, 0];
  if (total <= room) return [first, second ?? 0];
  if (strategy === 'longestFirst') {
    if (second === undefined) return [room, 0];
    const shorter = Math.min(first, second);
    // The shorter one stays whole where it has at most half of the room.
    const [least, most] = 2 * shorter > room ? [Math.floor(room / 2), Math.ceil(room / 2)] : [shorter, room - shorter];
    return first > second ? [most, least] : [least, most];
  }
  const target = strategy === 'onlyFirst' ? first : second;
  if (target === undefined) throw new RangeError('encodeBatch: expected pairs of texts for strategy "onlySecond" but found one text. Use "onlyFirst" or "longestFirst".');
  const left = target - (total - room);
  if (left <= 0) {
    throw new RangeError(
      `encodeBatch: expected the ${strategy === 'onlyFirst' ? 'first' : 'second'} text to be longer than the ${total - room} ids to cut but found ${target}. Use strategy "longestFirst" or a greater maxLength.`,
    );
  }
  return strategy === 'onlyFirst' ? [left, second ?? 0] : [first, left];
}
