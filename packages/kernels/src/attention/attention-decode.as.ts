// Attention of one or two queries per head, as in generation: keys and values stream past once, read where they lie. A task is
// a stretch of keys of one row of the batch, for all heads, since the heads of a key lie next to each other; stretches are merged afterwards.
import { fma, scratch, sumLanes, loadPartial } from '../common/simd.as';
import { exp2Constants, exp2 } from '../common/exp2.as';
import { ATTENTION_KEYS, ATTENTION_LD } from './tile.as';
import { attentionCap } from './cap.as';
import { attentionAddBias, attentionBlockSegments, attentionMask, attentionRange } from './mask.as';
import { attentionFinish, attentionSoftmax } from './attention.as';
import { headBlock, unpackHeads } from '../head-codes/heads.as';

/**
 * Tasks [begin, end), each one stretch of `stretch` keys of one row of the batch. Where there are several, the maximum, total and sums
 * of each row go to `partial` [stretches, batch · heads · queries, 4 + padded width] instead of o and lse. `atOnce` keys are read in the order
 * of memory before heads go over them one by one; keys and values in codes of `bits` bits are unpacked to scratch on the way.
 */
export function attentionDecode(
  begin: i32, end: i32, q: usize, k: usize, v: usize, o: usize, lse: usize,
  bias: usize, segments: usize, lengths: usize, offsets: usize, prefixes: usize, twins: usize,
  queries: i32, keys: i32, heads: i32, kvHeads: i32, width: i32, scale: f32, causal: i32, window: i32, offset: i32,
  biasBatchStep: i32, biasHeadStep: i32, cap: f32, stretch: i32, stretches: i32, partial: usize, batch: i32, atOnce: i32, bits: i32,
): void {
  const group = heads / kvHeads, rows = heads * queries;
  const padded = (width + 3) & ~3;
  const rowBytes = <usize>padded << 2, keyRow = <usize>(kvHeads * width) << 2;
  const constants = exp2Constants();
  const scores = scratch;
  const block = scores + ATTENTION_LD * 4;
  const stats = block + ATTENTION_KEYS * 4;
  const queriesAt = stats + (<usize>rows << 6);
  const sumsAt = queriesAt + <usize>rows * rowBytes;
  const keysAt = sumsAt + <usize>rows * rowBytes, valuesAt = keysAt + <usize>atOnce * keyRow;
  const stored = bits ? <usize>kvHeads * ((width * bits >> 5) + width / headBlock(width)) << 2 : keyRow;
  for (let task = begin; task < end; task++) {
    const b = task / stretches, part = task - b * stretches;
    const length = lengths ? max(0, min(keys, load<i32>(lengths + (<usize>b << 2)))) : keys;
    const shift = offsets ? load<i32>(offsets + (<usize>b << 2)) : offset;
    const open = !causal ? keys : prefixes ? load<i32>(prefixes + (<usize>b << 2)) : 0;
    const ids = segments ? segments + (<usize>(b * keys) << 2) : 0;
    let from = part * stretch;
    if (window > 0) from = max(from, (shift - window + 1) & ~7);
    let to = min(length, (part + 1) * stretch);
    to = min(to, max(queries + shift, open));
    memory.fill(sumsAt, 0, <usize>rows * rowBytes);
    for (let r = 0; r < rows; r++) {
      store<f32>(stats + (<usize>r << 6), -Infinity);
      store<f32>(stats + (<usize>r << 6), 0, 32);
      copyScaled(queriesAt + <usize>r * rowBytes, q + (<usize>((b * queries + r % queries) * heads + r / queries) * width << 2), scale * <f32>1.4426950408889634, width);
    }
    for (let k0 = from; k0 < to; k0 += atOnce) {
      const present = min(to - k0, atOnce);
      const twin = twins + (<usize>b << 3);
      const row = twins && k0 + present <= load<i32>(twin, 4) ? load<i32>(twin) : b;
      const first = <usize>(row * keys + k0) * stored;
      let kAt = k + first, vAt = v + first;
      if (bits) {
        unpackHeads(kAt, keysAt, present * kvHeads, width, bits);
        unpackHeads(vAt, valuesAt, present * kvHeads, width, bits);
        kAt = keysAt; vAt = valuesAt;
      } else if (kvHeads > 1) {
        touch(kAt, <usize>present * keyRow);
        touch(vAt, <usize>present * keyRow);
      }
      if (ids) attentionBlockSegments(ids, k0, present, block);
      for (let r = 0; r < rows; r++) {
        const head = r / queries, query = r % queries, position = query + shift;
        const source = <usize>(head / group * width) << 2;
        const range = attentionRange(position, 1, k0, present, open, window, ids, block, keys);
        if (range == 0) continue;
        const low = range >> 16, high = range & 0xffff, last = min(high, present);
        scoreKeys(queriesAt + <usize>r * rowBytes, kAt + source, keyRow, low, last, width, scores);
        if (cap > 0) attentionCap(scores, low, high, cap);
        if (bias) {
          const at = <usize>((b * biasBatchStep + head * biasHeadStep) * queries + query) * keys + k0;
          attentionAddBias(scores, bias + (at << 2), low, high, present);
        }
        attentionMask(scores, position, low, high, k0, present, open, window, ids, block, keys);
        const sums = sumsAt + <usize>r * rowBytes;
        attentionSoftmax(scores, low, high, stats + (<usize>r << 6), sums, padded, constants);
        addValues(scores, vAt + source, keyRow, low, last, width, sums);
      }
    }
    for (let r = 0; r < rows; r++) {
      const head = r / queries, query = r % queries;
      const stat = stats + (<usize>r << 6), sums = sumsAt + <usize>r * rowBytes;
      const row = b * rows + r;
      if (stretches == 1) {
        attentionFinish(sums, load<f32>(stat), load<f32>(stat, 32), o + (<usize>((b * queries + query) * heads + head) * width << 2), lse + (<usize>row << 2), width);
        continue;
      }
      const at = partial + <usize>(part * batch * rows + row) * (16 + rowBytes);
      store<f32>(at, load<f32>(stat));
      store<f32>(at, load<f32>(stat, 32), 4);
      memory.copy(at + 16, sums, rowBytes);
    }
  }
}

/** Reads a word of each cache line, which memory gives faster in its order than as heads would ask for it. */
function touch(p: usize, bytes: usize): void {
  let all = 0;
  const end = p + bytes;
  for (; p + 256 <= end; p += 256) all |= load<i32>(p) | load<i32>(p, 64) | load<i32>(p, 128) | load<i32>(p, 192);
  for (; p < end; p += 64) all |= load<i32>(p);
  store<i32>(scratch, all);
}

/** Rows [begin, end) of batch · heads · queries: brings the stretches of attentionDecode to one maximum and adds them. */
export function attentionDecodeMerge(
  begin: i32, end: i32, partial: usize, o: usize, lse: usize, queries: i32, heads: i32, width: i32, stretches: i32, rows: i32,
): void {
  const padded = (width + 3) & ~3;
  const constants = exp2Constants();
  const stride = <usize>(4 + padded) << 2;
  for (let row = begin; row < end; row++) {
    const query = row % queries, head = row / queries % heads, b = row / queries / heads;
    let most: f32 = -Infinity;
    for (let s = 0; s < stretches; s++) most = max(most, load<f32>(partial + <usize>(s * rows + row) * stride));
    const base = f32x4.splat(most == -Infinity ? 0 : most);
    let total: f32 = 0;
    memory.fill(scratch, 0, <usize>padded << 2);
    for (let s = 0; s < stretches; s++) {
      const at = partial + <usize>(s * rows + row) * stride;
      const factor = exp2(f32x4.sub(v128.load32_splat(at), base), constants);
      total += load<f32>(at, 4) * f32x4.extract_lane(factor, 0);
      for (let c: usize = 0; c < <usize>padded << 2; c += 16) v128.store(scratch + c, fma(factor, v128.load(at + 16 + c), v128.load(scratch + c)));
    }
    attentionFinish(scratch, most, total, o + (<usize>((b * queries + query) * heads + head) * width << 2), lse + (<usize>row << 2), width);
  }
}

/** to = factor · from, filled up with zeros to a multiple of four. */
function copyScaled(to: usize, from: usize, factor: f32, width: i32): void {
  const f = f32x4.splat(factor);
  let left = width;
  for (; left >= 4; left -= 4, to += 16, from += 16) v128.store(to, f32x4.mul(v128.load(from), f));
  if (left > 0) v128.store(to, f32x4.mul(loadPartial(from, left), f));
}

/** scores[j] = q · k_j for j in [low, last), four keys at a time. */
function scoreKeys(q: usize, k: usize, row: usize, low: i32, last: i32, width: i32, scores: usize): void {
  let j = low;
  for (; j + 4 <= last; j += 4) {
    let k0 = k + <usize>j * row, k1 = k0 + row, k2 = k1 + row, k3 = k2 + row, x = q;
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let left = width;
    for (; left >= 4; left -= 4, x += 16, k0 += 16, k1 += 16, k2 += 16, k3 += 16) {
      const a = v128.load(x);
      s0 = fma(a, v128.load(k0), s0);
      s1 = fma(a, v128.load(k1), s1);
      s2 = fma(a, v128.load(k2), s2);
      s3 = fma(a, v128.load(k3), s3);
    }
    if (left > 0) {
      const a = v128.load(x);
      s0 = fma(a, loadPartial(k0, left), s0);
      s1 = fma(a, loadPartial(k1, left), s1);
      s2 = fma(a, loadPartial(k2, left), s2);
      s3 = fma(a, loadPartial(k3, left), s3);
    }
    const a = f32x4.add(i32x4.shuffle(s0, s1, 0, 4, 1, 5), i32x4.shuffle(s0, s1, 2, 6, 3, 7));
    const b = f32x4.add(i32x4.shuffle(s2, s3, 0, 4, 1, 5), i32x4.shuffle(s2, s3, 2, 6, 3, 7));
    v128.store(scores + (<usize>j << 2), f32x4.add(i64x2.shuffle(a, b, 0, 2), i64x2.shuffle(a, b, 1, 3)));
  }
  for (; j < last; j++) {
    let from = k + <usize>j * row, x = q, sum = f32x4.splat(0), left = width;
    for (; left >= 4; left -= 4, x += 16, from += 16) sum = fma(v128.load(x), v128.load(from), sum);
    if (left > 0) sum = fma(v128.load(x), loadPartial(from, left), sum);
    store<f32>(scores + (<usize>j << 2), sumLanes(sum));
  }
}

/** sums += Σ_j p_j v_j for j in [low, last), 32 columns at a time while there are as many. */
function addValues(p: usize, v: usize, row: usize, low: i32, last: i32, width: i32, sums: usize): void {
  let left = width;
  const start = <usize>low * row;
  for (; left >= 32; left -= 32, v += 128, sums += 128) {
    let s0 = v128.load(sums), s1 = v128.load(sums, 16), s2 = v128.load(sums, 32), s3 = v128.load(sums, 48);
    let s4 = v128.load(sums, 64), s5 = v128.load(sums, 80), s6 = v128.load(sums, 96), s7 = v128.load(sums, 112);
    let from = v + start;
    for (let j = low; j < last; j++, from += row) {
      const x = v128.load32_splat(p + (<usize>j << 2));
      s0 = fma(x, v128.load(from), s0);
      s1 = fma(x, v128.load(from, 16), s1);
      s2 = fma(x, v128.load(from, 32), s2);
      s3 = fma(x, v128.load(from, 48), s3);
      s4 = fma(x, v128.load(from, 64), s4);
      s5 = fma(x, v128.load(from, 80), s5);
      s6 = fma(x, v128.load(from, 96), s6);
      s7 = fma(x, v128.load(from, 112), s7);
    }
    v128.store(sums, s0); v128.store(sums, s1, 16); v128.store(sums, s2, 32); v128.store(sums, s3, 48);
    v128.store(sums, s4, 64); v128.store(sums, s5, 80); v128.store(sums, s6, 96); v128.store(sums, s7, 112);
  }
  for (; left >= 4; left -= 4, v += 16, sums += 16) {
    let s = v128.load(sums), from = v + start;
    for (let j = low; j < last; j++, from += row) s = fma(v128.load32_splat(p + (<usize>j << 2)), v128.load(from), s);
    v128.store(sums, s);
  }
  if (left > 0) {
    let s = v128.load(sums), from = v + start;
    for (let j = low; j < last; j++, from += row) s = fma(v128.load32_splat(p + (<usize>j << 2)), loadPartial(from, left), s);
    v128.store(sums, s);
  }
}
