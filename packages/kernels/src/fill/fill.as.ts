/** Words [begin, end) of y become `bits`. */
export function fillWords(begin: i32, end: i32, y: usize, bits: i32): void {
  const word = i32x4.splat(bits);
  const last = y + (<usize>end << 2);
  let to = y + (<usize>begin << 2);
  for (; to + 64 <= last; to += 64) {
    v128.store(to, word); v128.store(to, word, 16); v128.store(to, word, 32); v128.store(to, word, 48);
  }
  for (; to < last; to += 4) store<i32>(to, bits);
}
