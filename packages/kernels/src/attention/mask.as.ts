// Which keys of a block a panel of six queries sees. Positions are relative to the start of the block; a range travels as
// (from << 16) | to, both multiples of 8, so that tiles outside of it are never computed. `open` is how many keys are seen from every
// position: all of them, or under a causal mask none but a prefix. A query sees keys of its own segment and of the trunk of its
// document, which is the low half of that.
import { ATTENTION_KEYS } from './tile.as';

/**
 * The range of keys, out of `count` that start at `k0`, that queries at positions [first, first + rows) may see; 0 where
 * there is none. `segments` is the batch row's ids or 0, `block` the ids of the block's keys.
 */
export function attentionRange(
  first: i32, rows: i32, k0: i32, count: i32, open: i32, window: i32, segments: usize, block: usize, keys: i32,
): i32 {
  let from = 0, to = min(count, max(first + rows, open) - k0);
  if (window > 0) from = max(0, first - window + 1 - k0);
  if (to <= from) return 0;
  from &= ~7;
  to = (to + 7) & ~7;
  if (!segments) return (from << 16) | to;
  let low = i32.MAX_VALUE, high = i32.MIN_VALUE, lowTrunk = low, highTrunk = high;
  for (let r = max(0, -first); r < rows && first + r < keys; r++) {
    const id = load<i32>(segments + (<usize>(first + r) << 2));
    low = min(low, id);
    high = max(high, id);
    lowTrunk = min(lowTrunk, id & 0xffff);
    highTrunk = max(highTrunk, id & 0xffff);
  }
  if (low > high) return 0;
  const lows = i32x4.splat(low), highs = i32x4.splat(high), lowTrunks = i32x4.splat(lowTrunk), highTrunks = i32x4.splat(highTrunk);
  while (from < to && !anyBetween(block + (<usize>from << 2), lows, highs) && !anyBetween(block + (<usize>from << 2), lowTrunks, highTrunks)) from += 8;
  while (to > from && !anyBetween(block + (<usize>(to - 8) << 2), lows, highs) && !anyBetween(block + (<usize>(to - 8) << 2), lowTrunks, highTrunks)) to -= 8;
  return from < to ? (from << 16) | to : 0;
}

// @ts-ignore: decorator
@inline
function anyBetween(ids: usize, low: v128, high: v128): bool {
  const a = v128.load(ids), b = v128.load(ids, 16);
  return v128.any_true(v128.or(
    v128.and(i32x4.ge_s(a, low), i32x4.le_s(a, high)), v128.and(i32x4.ge_s(b, low), i32x4.le_s(b, high)),
  ));
}

/** Adds `bias` · log₂ e to the scores of one row in [from, to), of which the first `count` exist. */
export function attentionAddBias(scores: usize, bias: usize, from: i32, to: i32, count: i32): void {
  const log2e = f32x4.splat(1.4426950408889634);
  const end = min(to, count);
  let j = from;
  for (; j + 4 <= end; j += 4) {
    const at = scores + (<usize>j << 2);
    v128.store(at, f32x4.add(v128.load(at), f32x4.mul(v128.load(bias + (<usize>j << 2)), log2e)));
  }
  for (; j < end; j++) {
    const at = scores + (<usize>j << 2);
    store<f32>(at, load<f32>(at) + load<f32>(bias + (<usize>j << 2)) * <f32>1.4426950408889634);
  }
}

/** Sets the scores in [from, to) that the query at `position` does not see to −∞. */
export function attentionMask(
  scores: usize, position: i32, from: i32, to: i32, k0: i32, count: i32, open: i32, window: i32,
  segments: usize, block: usize, keys: i32,
): void {
  let low = from, high = min(min(to, count), max(position + 1, open) - k0);
  if (window > 0) low = max(low, position - window + 1 - k0);
  if (segments) {
    if (position < 0 || position >= keys) high = 0;
    else {
      const id = load<i32>(segments + (<usize>position << 2));
      const own = i32x4.splat(id), trunk = i32x4.splat(id & 0xffff);
      for (let j = from; j < to; j += 4) {
        const at = scores + (<usize>j << 2), other = v128.load(block + (<usize>j << 2));
        v128.store(at, v128.bitselect(v128.load(at), f32x4.splat(-Infinity), v128.or(i32x4.eq(other, own), i32x4.eq(other, trunk))));
      }
    }
  }
  for (let j = from; j < min(low, to); j++) store<f32>(scores + (<usize>j << 2), -Infinity);
  for (let j = max(high, from); j < to; j++) store<f32>(scores + (<usize>j << 2), -Infinity);
}

/** Whether some query of a panel does not see some key of its range. */
// @ts-ignore: decorator
@inline
export function attentionMasked(range: i32, first: i32, rows: i32, k0: i32, count: i32, open: i32, window: i32, segments: usize): bool {
  const high = range & 0xffff;
  if (segments != 0 || high > count || max(first + 1, open) - k0 < high) return true;
  return window > 0 && first + rows - window - k0 > range >> 16;
}

/** Copies the ids of a block's keys so that whole vectors of them can be read. */
export function attentionBlockSegments(segments: usize, k0: i32, count: i32, to: usize): void {
  memory.fill(to, 0, ATTENTION_KEYS << 2);
  memory.copy(to, segments + (<usize>k0 << 2), <usize>count << 2);
}
