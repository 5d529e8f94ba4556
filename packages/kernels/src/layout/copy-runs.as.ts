// Words move as bits, so floats and integers alike.

/** Runs shorter than this cost more as a call of memory.copy than as a loop. */
const LONG: i32 = 256;

// @ts-ignore: decorator
@inline
function copyWords(from: usize, to: usize, count: i32): void {
  if (count >= LONG) { memory.copy(to, from, <usize>count << 2); return; }
  for (; count >= 16; count -= 16) {
    const a = v128.load(from), b = v128.load(from, 16), c = v128.load(from, 32), d = v128.load(from, 48);
    v128.store(to, a); v128.store(to, b, 16); v128.store(to, c, 32); v128.store(to, d, 48);
    from += 64; to += 64;
  }
  for (; count >= 4; count -= 4) { v128.store(to, v128.load(from)); from += 16; to += 16; }
  for (; count > 0; count--) { store<i32>(to, load<i32>(from)); from += 4; to += 4; }
}

/** Words [begin, end). */
export function copyFlat(begin: i32, end: i32, x: usize, y: usize): void {
  copyWords(x + (<usize>begin << 2), y + (<usize>begin << 2), end - begin);
}

/**
 * Runs [begin, end) of `length` words: run (i · size1 + j) · size2 + k comes from i · in0 + j · in1 + k · in2 words behind x and
 * goes to run · out words behind y.
 */
export function copyRuns(
  begin: i32, end: i32, x: usize, y: usize, length: i32, size1: i32, size2: i32, in0: i32, in1: i32, in2: i32, out: i32,
): void {
  let k = begin % size2;
  const outer = begin / size2;
  let j = outer % size1, i = outer / size1;
  for (let run = begin; run < end; run++) {
    const from = x + ((<usize>i * in0 + <usize>j * in1 + <usize>k * in2) << 2);
    copyWords(from, y + ((<usize>run * out) << 2), length);
    if (++k == size2) {
      k = 0;
      if (++j == size1) { j = 0; i++; }
    }
  }
}
