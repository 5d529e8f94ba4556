// Attention block by block (FlashAttention): a task is some queries of the heads that share a key head. It walks over blocks
// of keys, packs each once, and for six queries at a time computes scores, their exponentials under a running maximum, and
// the sums with the values. Scores are kept in units of log₂ so that 2ˣ needs no scaling.
import { scratch, sumLanes, storePartial } from '../common/simd.as';
import { exp2Constants, exp2, log2 } from '../common/exp2.as';
import { tile } from '../common/tile.as';
import { ATTENTION_KEYS, ATTENTION_LD, attentionRowsTile } from './tile.as';
import { attentionPackColumns, attentionPackQueries, attentionPackRows } from './pack.as';
import { attentionCap } from './cap.as';
import { attentionAddBias, attentionBlockSegments, attentionMask, attentionMasked, attentionRange } from './mask.as';

const SCORES_BYTES: usize = 6 * ATTENTION_LD * 4;
const SEGMENTS_BYTES: usize = ATTENTION_KEYS * 4;

/** Tasks [begin, end) of `panelsPerTask` panels of six queries each. */
export function attention(
  begin: i32, end: i32, q: usize, k: usize, v: usize, o: usize, lse: usize,
  bias: usize, segments: usize, lengths: usize, offsets: usize, prefixes: usize,
  queries: i32, keys: i32, heads: i32, kvHeads: i32, width: i32, scale: f32, causal: i32, window: i32, offset: i32,
  biasBatchStep: i32, biasHeadStep: i32, cap: f32, panelsPerTask: i32, tasksPerHead: i32,
): void {
  const group = heads / kvHeads;
  const padded = (width + 7) & ~7;
  const panels = (queries + 5) / 6 * group;
  const queryRow = <usize>(heads * width) << 2, keyRow = <usize>(kvHeads * width) << 2;
  const constants = exp2Constants();
  const scores = scratch;
  const block = scores + SCORES_BYTES;
  const stats = block + SEGMENTS_BYTES;
  const queriesAt = stats + (<usize>panelsPerTask << 6);
  const sumsAt = queriesAt + ((<usize>(panelsPerTask * 24) * width + 63) & ~63);
  const keysAt = sumsAt + <usize>(panelsPerTask * 24) * padded;
  const valuesAt = keysAt + (<usize>(ATTENTION_KEYS * width) << 2);
  const queryBytes = <usize>width * 24, sumBytes = <usize>padded * 24;
  const sumRow = <usize>padded << 2;
  for (let task = begin; task < end; task++) {
    const pair = task / tasksPerHead;
    const b = pair / kvHeads, kvHead = pair - b * kvHeads;
    const firstPanel = (task - pair * tasksPerHead) * panelsPerTask;
    const count = min(panels, firstPanel + panelsPerTask) - firstPanel;
    const length = lengths ? max(0, min(keys, load<i32>(lengths + (<usize>b << 2)))) : keys;
    const shift = offsets ? load<i32>(offsets + (<usize>b << 2)) : offset;
    const open = !causal ? keys : prefixes ? load<i32>(prefixes + (<usize>b << 2)) : 0;
    const ids = segments ? segments + (<usize>(b * keys) << 2) : 0;
    const firstQuery = firstPanel / group * 6;
    const lastQuery = min(queries, ((firstPanel + count - 1) / group + 1) * 6);
    const from = window > 0 ? max(0, firstQuery + shift - window + 1) & ~7 : 0;
    const to = min(length, max(lastQuery + shift, open));
    for (let t = 0; t < count; t++) {
      const query = (firstPanel + t) / group * 6;
      const head = kvHead * group + (firstPanel + t) % group;
      const start = q + (<usize>((b * queries + query) * heads + head) * width << 2);
      attentionPackQueries(start, queryRow, min(6, queries - query), width, queriesAt + <usize>t * queryBytes, scale * <f32>1.4426950408889634);
      for (let r = 0; r < 6; r++) {
        store<f32>(stats + (<usize>t << 6) + (<usize>r << 2), -Infinity);
        store<f32>(stats + (<usize>t << 6) + (<usize>r << 2), 0, 32);
      }
    }
    memory.fill(sumsAt, 0, <usize>count * sumBytes);
    for (let k0 = from; k0 < to; k0 += ATTENTION_KEYS) {
      const present = min(to - k0, ATTENTION_KEYS);
      const room = (present + 7) & ~7;
      const panelBytes = <usize>room << 5;
      const source = <usize>((b * keys + k0) * kvHeads + kvHead) * width << 2;
      if (ids) {
        attentionBlockSegments(ids, k0, present, block);
        let any = 0;
        for (let t = 0; t < count; t++) {
          const query = (firstPanel + t) / group * 6;
          any |= attentionRange(query + shift, min(6, queries - query), k0, present, open, window, ids, block, keys);
        }
        if (any == 0) continue;
      }
      attentionPackColumns(k + source, keyRow, present, width, keysAt);
      attentionPackRows(v + source, keyRow, present, room, width, valuesAt, panelBytes);
      for (let t = 0; t < count; t++) {
        const query = (firstPanel + t) / group * 6;
        const rows = min(6, queries - query);
        const position = query + shift;
        const range = attentionRange(position, rows, k0, present, open, window, ids, block, keys);
        if (range == 0) continue;
        const low = range >> 16, high = range & 0xffff;
        const masked = attentionMasked(range, position, rows, k0, present, open, window, ids);
        const a = queriesAt + <usize>t * queryBytes;
        for (let j = low; j < high; j += 8) {
          tile(a, 24, keysAt + (<usize>(j * width) << 2), scores + (<usize>j << 2), ATTENTION_LD * 4, width, true);
        }
        const sums = sumsAt + <usize>t * sumBytes;
        const head = kvHead * group + (firstPanel + t) % group;
        for (let r = 0; r < rows; r++) {
          const row = scores + <usize>(r * ATTENTION_LD * 4);
          if (cap > 0) attentionCap(row, low, high, cap);
          if (bias) {
            const at = <usize>((b * biasBatchStep + head * biasHeadStep) * queries + query + r) * keys + k0;
            attentionAddBias(row, bias + (at << 2), low, high, present);
          }
          if (masked) attentionMask(row, position + r, low, high, k0, present, open, window, ids, block, keys);
          attentionSoftmax(row, low, high, stats + (<usize>t << 6) + (<usize>r << 2), sums + <usize>r * sumRow, padded, constants);
        }
        const probabilities = scores + (<usize>low << 2);
        for (let c: usize = 0; c < <usize>padded; c += 8) {
          attentionRowsTile(probabilities, valuesAt + (c >> 3) * panelBytes + (<usize>low << 5), sums + (c << 2), sumRow, high - low, false);
        }
      }
    }
    for (let t = 0; t < count; t++) {
      const query = (firstPanel + t) / group * 6;
      const head = kvHead * group + (firstPanel + t) % group;
      for (let r = 0; r < min(6, queries - query); r++) {
        const stat = stats + (<usize>t << 6) + (<usize>r << 2);
        attentionFinish(
          sumsAt + <usize>t * sumBytes + <usize>r * sumRow, load<f32>(stat), load<f32>(stat, 32),
          o + (<usize>((b * queries + query + r) * heads + head) * width << 2), lse + (<usize>((b * heads + head) * queries + query + r) << 2), width,
        );
      }
    }
  }
}

/** Replaces the scores of a row by 2^(score − running maximum), and brings its maximum, total (32 bytes on) and sums up to date. */
export function attentionSoftmax(row: usize, low: i32, high: i32, stat: usize, sums: usize, padded: i32, constants: usize): void {
  const start = row + (<usize>low << 2), stop = row + (<usize>high << 2);
  let m0 = f32x4.splat(-Infinity), m1 = m0;
  for (let p = start; p < stop; p += 32) {
    m0 = f32x4.pmax(m0, v128.load(p));
    m1 = f32x4.pmax(m1, v128.load(p, 16));
  }
  m0 = f32x4.pmax(m0, m1);
  m0 = f32x4.pmax(m0, i32x4.shuffle(m0, m0, 2, 3, 0, 1));
  m0 = f32x4.pmax(m0, i32x4.shuffle(m0, m0, 1, 0, 3, 2));
  const before = load<f32>(stat);
  const largest = f32x4.extract_lane(m0, 0);
  const most = largest > before ? largest : before;
  // A row that has seen nothing has the maximum −∞, and −∞ − −∞ would be NaN.
  const base = f32x4.splat(most == -Infinity ? 0 : most);
  let s0 = f32x4.splat(0), s1 = s0;
  for (let p = start; p < stop; p += 32) {
    const e0 = exp2(f32x4.sub(v128.load(p), base), constants), e1 = exp2(f32x4.sub(v128.load(p, 16), base), constants);
    v128.store(p, e0);
    v128.store(p, e1, 16);
    s0 = f32x4.add(s0, e0);
    s1 = f32x4.add(s1, e1);
  }
  const sum = sumLanes(f32x4.add(s0, s1));
  if (most == before) {
    store<f32>(stat, load<f32>(stat, 32) + sum, 32);
    return;
  }
  const factor = exp2(f32x4.sub(f32x4.splat(before), base), constants);
  store<f32>(stat, most);
  store<f32>(stat, load<f32>(stat, 32) * f32x4.extract_lane(factor, 0) + sum, 32);
  if (before == -Infinity) return;
  for (let c = 0; c < padded; c += 4) {
    const at = sums + (<usize>c << 2);
    v128.store(at, f32x4.mul(v128.load(at), factor));
  }
}

/** o = sums / total and lse = ln 2 · (maximum + log₂ total); zeros and −∞ where the total is 0. */
export function attentionFinish(sums: usize, most: f32, total: f32, o: usize, lse: usize, width: i32): void {
  const factor = f32x4.splat(total == 0 ? 0 : 1 / total);
  const log = total > 0 ? <f32>((<f64>most + log2(total)) * 0.6931471805599453) : total == 0 ? <f32>-Infinity : f32.NaN;
  store<f32>(lse, log);
  let left = width;
  for (; left >= 4; left -= 4, sums += 16, o += 16) v128.store(o, f32x4.mul(v128.load(sums), factor));
  if (left > 0) storePartial(o, f32x4.mul(v128.load(sums), factor), left);
}
