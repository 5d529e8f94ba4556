import { scratch, SCRATCH_BYTES, storePartial } from '../common/simd.as';

/** to += from. */
// @ts-ignore: decorator
@inline
function addRow(to: usize, from: usize, width: i32): void {
  for (; width >= 4; width -= 4) { v128.store(to, f32x4.add(v128.load(to), v128.load(from))); to += 16; from += 16; }
  for (; width > 0; width--) { store<f32>(to, load<f32>(to) + load<f32>(from)); to += 4; from += 4; }
}

/** Rows [begin, end) of y: the table's rows by id, NaN where there is none. */
export function embedding(begin: i32, end: i32, table: usize, ids: usize, y: usize, vocab: i32, width: i32): void {
  const row = <usize>width << 2;
  for (let r = begin; r < end; r++) {
    const id = load<i32>(ids + (<usize>r << 2));
    let to = y + <usize>r * row;
    if (<u32>id < <u32>vocab) {
      let from = table + <usize>id * row, left = width;
      for (; left >= 4; left -= 4) { v128.store(to, v128.load(from)); to += 16; from += 16; }
      for (; left > 0; left--) { store<f32>(to, load<f32>(from)); to += 4; from += 4; }
    } else {
      let left = width;
      for (; left >= 4; left -= 4) { v128.store(to, f32x4.splat(NaN)); to += 16; }
      if (left > 0) storePartial(to, f32x4.splat(NaN), left);
    }
  }
}

/** Sorts positions by id, those of one id in order: they stand in order[starts[id] .. starts[id + 1]). One task. */
export function embeddingSort(begin: i32, end: i32, ids: usize, starts: usize, order: usize, vocab: i32, count: i32): void {
  memory.fill(starts, 0, <usize>(vocab + 1) << 2);
  for (let i = 0; i < count; i++) {
    const id = load<i32>(ids + (<usize>i << 2));
    if (<u32>id >= <u32>vocab) continue;
    const at = starts + (<usize>id << 2);
    store<i32>(at, load<i32>(at) + 1);
  }
  let total = 0;
  for (let id = 0; id <= vocab; id++) {
    total += load<i32>(starts + (<usize>id << 2));
    store<i32>(starts + (<usize>id << 2), total);
  }
  // From ends down to starts, from the last position to the first.
  for (let i = count - 1; i >= 0; i--) {
    const id = load<i32>(ids + (<usize>i << 2));
    if (<u32>id >= <u32>vocab) continue;
    const at = starts + (<usize>id << 2);
    const slot = load<i32>(at) - 1;
    store<i32>(at, slot);
    store<i32>(order + (<usize>slot << 2), i);
  }
}

/** Rows [begin, end) of dtable: the sum of dy where the id stands, in blocks of 256 that fit the scratch. */
export function embeddingBackward(begin: i32, end: i32, dy: usize, starts: usize, order: usize, dtable: usize, width: i32): void {
  const row = <usize>width << 2;
  for (let id = begin; id < end; id++) {
    const to = dtable + <usize>id * row;
    memory.fill(to, 0, row);
    const first = load<i32>(starts + (<usize>id << 2)), last = load<i32>(starts + (<usize>id << 2), 4);
    const blocks = last - first > 256 && row <= <usize>SCRATCH_BYTES;
    const sums = blocks ? scratch : to;
    if (blocks) memory.fill(sums, 0, row);
    for (let i = first; i < last; i++) {
      addRow(sums, dy + <usize>load<i32>(order + (<usize>i << 2)) * row, width);
      if (blocks && (((i - first) & 255) == 255 || i == last - 1)) {
        addRow(to, sums, width);
        memory.fill(sums, 0, row);
      }
    }
  }
}
