// The backward pass: a task is every `splits`-th block of keys of one key head. It owns dk and dv of its keys, for all query
// heads that share them, and adds to dq (or to its own copy of dq where several tasks share the queries). Probabilities are
// computed again from the saved log-sum-exp, 48 queries at a time, and only those tiles that something can see.
import { fma, scratch, sumLanes, storePartial, loadPartial } from '../common/simd.as';
import { exp2Constants, exp2 } from '../common/exp2.as';
import { tile } from '../common/tile.as';
import { ATTENTION_KEYS, ATTENTION_LD, attentionRowsTile } from './tile.as';
import { attentionPackColumns, attentionPackQueries, attentionPackRows } from './pack.as';
import { attentionCapGradient } from './cap.as';
import { attentionAddBias, attentionBlockSegments, attentionMask, attentionMasked, attentionRange } from './mask.as';

const QUERIES: i32 = 48;
const PANELS: i32 = QUERIES / 6;
const LD_BYTES: i32 = ATTENTION_LD * 4;
const SCORES_BYTES: usize = QUERIES * LD_BYTES;
const QUERY_PANEL_BYTES: usize = QUERIES * 32;

/** Tasks [begin, end), each one split of one key head. `dqBytes` is 0, or the size of one copy of dq. */
export function attentionBackward(
  begin: i32, end: i32, dout: usize, q: usize, k: usize, v: usize, o: usize, lse: usize,
  bias: usize, segments: usize, lengths: usize, offsets: usize, prefixes: usize, dqAll: usize, dk: usize, dv: usize,
  queries: i32, keys: i32, heads: i32, kvHeads: i32, width: i32, scale: f32, causal: i32, window: i32, offset: i32,
  biasBatchStep: i32, biasHeadStep: i32, cap: f32, blockKeys: i32, splits: i32, dqBytes: usize,
): void {
  const group = heads / kvHeads;
  const padded = (width + 7) & ~7;
  const sumRow = <usize>padded << 2;
  const queryRow = <usize>(heads * width) << 2, keyRow = <usize>(kvHeads * width) << 2;
  const keyPanel = <usize>width << 5;
  const constants = exp2Constants();
  const p = scratch;
  const ds = p + SCORES_BYTES;
  const block = ds + SCORES_BYTES;
  const ranges = block + (ATTENTION_KEYS << 2);
  const edge = ranges + 64;
  const queryAt = edge + 6 * sumRow;
  const doutAt = queryAt + 6 * sumRow;
  const queryRowsAt = doutAt + 6 * sumRow;
  const doutRowsAt = queryRowsAt + QUERIES * sumRow;
  const dkAt = doutRowsAt + QUERIES * sumRow;
  const dvAt = dkAt + ATTENTION_LD * sumRow;
  const keyColumnsAt = dvAt + ATTENTION_LD * sumRow;
  const valueColumnsAt = keyColumnsAt + ATTENTION_KEYS * sumRow;
  const keyRowsAt = valueColumnsAt + ATTENTION_KEYS * sumRow;
  for (let task = begin; task < end; task++) {
    const pair = task / splits, split = task - pair * splits;
    const b = pair / kvHeads, kvHead = pair - b * kvHeads;
    const dq = dqAll + <usize>split * dqBytes;
    const length = lengths ? max(0, min(keys, load<i32>(lengths + (<usize>b << 2)))) : keys;
    const shift = offsets ? load<i32>(offsets + (<usize>b << 2)) : offset;
    const open = !causal ? keys : prefixes ? load<i32>(prefixes + (<usize>b << 2)) : 0;
    const ids = segments ? segments + (<usize>(b * keys) << 2) : 0;
    for (let i = 0; i < queries; i++) {
      memory.fill(dq + (<usize>((b * queries + i) * heads + kvHead * group) * width << 2), 0, <usize>(group * width) << 2);
    }
    for (let k0 = split * blockKeys; k0 < keys; k0 += splits * blockKeys) {
      const owned = min(blockKeys, keys - k0);
      const present = max(0, min(owned, length - k0));
      const room = (present + 7) & ~7;
      const keyRowsPanel = <usize>room << 5;
      const source = <usize>((b * keys + k0) * kvHeads + kvHead) * width << 2;
      memory.fill(dkAt, 0, <usize>present * sumRow);
      memory.fill(dvAt, 0, <usize>present * sumRow);
      attentionPackColumns(k + source, keyRow, present, width, keyColumnsAt);
      attentionPackColumns(v + source, keyRow, present, width, valueColumnsAt);
      attentionPackRows(k + source, keyRow, present, room, width, keyRowsAt, keyRowsPanel);
      if (ids) attentionBlockSegments(ids, k0, present, block);
      const firstQuery = k0 < open ? 0 : max(0, k0 - shift) / 6 * 6;
      const lastQuery = present == 0 ? 0 : window > 0 ? min(queries, k0 + present - 1 + window - shift) : queries;
      for (let head = kvHead * group; head < (kvHead + 1) * group; head++) {
        for (let query = firstQuery; query < lastQuery; query += QUERIES) {
          let any = 0;
          for (let t = 0; t < PANELS; t++) {
            const at = query + t * 6, rows = min(6, queries - at);
            const range = rows <= 0 ? 0 : attentionRange(at + shift, rows, k0, present, open, window, ids, block, keys);
            store<i32>(ranges + (<usize>t << 2), range);
            any |= range;
          }
          if (any == 0) continue;
          for (let t = 0; t < PANELS; t++) {
            const at = query + t * 6, rows = max(0, min(6, queries - at));
            const pRow = p + <usize>(t * 6 * LD_BYTES), dsRow = ds + <usize>(t * 6 * LD_BYTES);
            const start = <usize>((b * queries + at) * heads + head) * width << 2;
            attentionPackRows(q + start, queryRow, rows, 6, width, queryRowsAt + <usize>t * 192, QUERY_PANEL_BYTES);
            attentionPackRows(dout + start, queryRow, rows, 6, width, doutRowsAt + <usize>t * 192, QUERY_PANEL_BYTES);
            const range = load<i32>(ranges + (<usize>t << 2));
            const low = range >> 16, high = range & 0xffff;
            if (range != 0) {
              attentionPackQueries(q + start, queryRow, rows, width, queryAt, scale * <f32>1.4426950408889634);
              attentionPackQueries(dout + start, queryRow, rows, width, doutAt, 1);
              for (let j = low; j < high; j += 8) {
                const column = <usize>(j >> 3) * keyPanel, to = <usize>j << 2;
                tile(queryAt, 24, keyColumnsAt + column, pRow + to, LD_BYTES, width, true);
                tile(doutAt, 24, valueColumnsAt + column, dsRow + to, LD_BYTES, width, true);
              }
            }
            const masked = attentionMasked(range, at + shift, rows, k0, present, open, window, ids);
            for (let r = 0; r < 6; r++) {
              const pAt = pRow + <usize>(r * LD_BYTES), dsAt = dsRow + <usize>(r * LD_BYTES);
              if (range == 0 || r >= rows) {
                zero(pAt, dsAt, 0, room);
                continue;
              }
              zero(pAt, dsAt, 0, low);
              zero(pAt, dsAt, high, room);
              const own = attentionDot(dout + start + <usize>r * queryRow, o + start + <usize>r * queryRow, width);
              if (cap > 0) attentionCapGradient(pAt, dsAt, low, high, cap, own);
              if (bias) {
                const from = <usize>((b * biasBatchStep + head * biasHeadStep) * queries + at + r) * keys + k0;
                attentionAddBias(pAt, bias + (from << 2), low, high, present);
              }
              if (masked) attentionMask(pAt, at + r + shift, low, high, k0, present, open, window, ids, block, keys);
              const total = load<f32>(lse + (<usize>((b * heads + head) * queries + at + r) << 2));
              attentionScoreGradient(pAt, dsAt, low, high, total, cap > 0 ? 0 : own, constants);
            }
            if (range == 0) continue;
            for (let c: usize = 0; c < <usize>padded; c += 8) {
              attentionRowsTile(dsRow + (<usize>low << 2), keyRowsAt + (c >> 3) * keyRowsPanel + (<usize>low << 5), edge + (c << 2), sumRow, high - low, true);
            }
            for (let r = 0; r < rows; r++) attentionAddScaled(dq + start + <usize>r * queryRow, edge + <usize>r * sumRow, scale, width);
          }
          for (let j = 0; j < present; j += 6) {
            let first = 0, last = PANELS;
            while (first < last && !reaches(ranges, first, j)) first++;
            while (last > first && !reaches(ranges, last - 1, j)) last--;
            if (first == last) continue;
            const steps = (last - first) * 6;
            const from = <usize>(first * 6 * LD_BYTES) + (<usize>j << 2), to = <usize>j * sumRow;
            for (let c: usize = 0; c < <usize>padded; c += 8) {
              const rowsFrom = (c >> 3) * QUERY_PANEL_BYTES + <usize>first * 192;
              tile(p + from, LD_BYTES, doutRowsAt + rowsFrom, dvAt + to + (c << 2), sumRow, steps, false);
              tile(ds + from, LD_BYTES, queryRowsAt + rowsFrom, dkAt + to + (c << 2), sumRow, steps, false);
            }
          }
        }
      }
      // The last tile of six keys may have reached past those that exist.
      memory.fill(dkAt + <usize>present * sumRow, 0, <usize>(owned - present) * sumRow);
      memory.fill(dvAt + <usize>present * sumRow, 0, <usize>(owned - present) * sumRow);
      for (let j = 0; j < owned; j++) {
        attentionScale(dk + source + <usize>j * keyRow, dkAt + <usize>j * sumRow, scale, width);
        attentionScale(dv + source + <usize>j * keyRow, dvAt + <usize>j * sumRow, 1, width);
      }
    }
  }
}

/** Sets columns [from, to), multiples of 8, of one row of either matrix to 0. */
// @ts-ignore: decorator
@inline
function zero(p: usize, ds: usize, from: i32, to: i32): void {
  const nothing = f32x4.splat(0);
  for (let at = <usize>from << 2; at < <usize>to << 2; at += 32) {
    v128.store(p + at, nothing);
    v128.store(p + at, nothing, 16);
    v128.store(ds + at, nothing);
    v128.store(ds + at, nothing, 16);
  }
}

/** Whether panel `t` of queries sees one of the six keys from j on. */
// @ts-ignore: decorator
@inline
function reaches(ranges: usize, t: i32, j: i32): bool {
  const range = load<i32>(ranges + (<usize>t << 2));
  return (range >> 16) < j + 6 && (range & 0xffff) > j;
}

/** Scores in log₂ units at `p` become p = exp(score − lse); p · v at `ds` becomes p · (p · v − own). */
function attentionScoreGradient(p: usize, ds: usize, low: i32, high: i32, lse: f32, own: f32, constants: usize): void {
  // A query that sees nothing has lse −∞ and no probabilities.
  const base = f32x4.splat(lse == -Infinity ? Infinity : lse * <f32>1.4426950408889634);
  const mean = f32x4.splat(own);
  const stop = p + (<usize>high << 2);
  ds += <usize>low << 2;
  for (let at = p + (<usize>low << 2); at < stop; at += 32, ds += 32) {
    const e0 = exp2(f32x4.sub(v128.load(at), base), constants), e1 = exp2(f32x4.sub(v128.load(at, 16), base), constants);
    v128.store(at, e0);
    v128.store(at, e1, 16);
    v128.store(ds, f32x4.mul(e0, f32x4.sub(v128.load(ds), mean)));
    v128.store(ds, f32x4.mul(e1, f32x4.sub(v128.load(ds, 16), mean)), 16);
  }
}

function attentionDot(a: usize, b: usize, width: i32): f32 {
  let sum = f32x4.splat(0);
  let left = width;
  for (; left >= 4; left -= 4, a += 16, b += 16) sum = fma(v128.load(a), v128.load(b), sum);
  if (left > 0) sum = fma(loadPartial(a, left), loadPartial(b, left), sum);
  return sumLanes(sum);
}

/** to += factor · from. */
function attentionAddScaled(to: usize, from: usize, factor: f32, width: i32): void {
  const f = f32x4.splat(factor);
  let left = width;
  for (; left >= 4; left -= 4, to += 16, from += 16) v128.store(to, fma(v128.load(from), f, v128.load(to)));
  if (left > 0) storePartial(to, fma(loadPartial(from, left), f, loadPartial(to, left)), left);
}

/** to = factor · from. */
function attentionScale(to: usize, from: usize, factor: f32, width: i32): void {
  const f = f32x4.splat(factor);
  let left = width;
  for (; left >= 4; left -= 4, to += 16, from += 16) v128.store(to, f32x4.mul(v128.load(from), f));
  if (left > 0) storePartial(to, f32x4.mul(loadPartial(from, left), f), left);
}
