/**
 * The places of the k largest of `values`, the largest first, of equals the one that comes first.
 *
 * A heap of the k best so far, whose least one is met at once: most values are compared once.
 */
export function selectTop(values: Float32Array, k: number): Int32Array {
  const heap = new Int32Array(k);
  const less = (a: number, b: number): boolean => {
    const difference = values[a]! - values[b]!;
    return difference < 0 || (difference === 0 && a > b);
  };
  const sink = (from: number, size: number): void => {
    for (let at = from; ;) {
      const left = 2 * at + 1;
      if (left >= size) return;
      const child = left + 1 < size && less(heap[left + 1]!, heap[left]!) ? left + 1 : left;
      if (!less(heap[child]!, heap[at]!)) return;
      [heap[at], heap[child]] = [heap[child]!, heap[at]!];
      at = child;
    }
  };
  for (let i = 0; i < k; i++) heap[i] = i;
  for (let i = (k >> 1) - 1; i >= 0; i--) sink(i, k);
  for (let i = k; i < values.length; i++) {
    if (!less(heap[0]!, i)) continue;
    heap[0] = i;
    sink(0, k);
  }
  return heap.sort((a, b) => (less(a, b) ? 1 : -1));
}
