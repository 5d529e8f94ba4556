/** Two neighbours that may merge. */
export interface Candidate {
  readonly left: number;
  readonly right: number;
  readonly size: number;
  readonly score: number;
}

/** A heap of candidates: the best score first, of equal ones the leftmost. */
export function agenda(): { push(candidate: Candidate): void; pop(): Candidate | undefined } {
  const heap: Candidate[] = [];
  const before = (a: Candidate, b: Candidate): boolean => a.score > b.score || (a.score === b.score && a.left < b.left);
  return {
    push(candidate) {
      let at = heap.length;
      heap.push(candidate);
      for (let parent = (at - 1) >> 1; at > 0 && before(candidate, heap[parent]!); parent = (at - 1) >> 1) {
        heap[at] = heap[parent]!;
        at = parent;
      }
      heap[at] = candidate;
    },
    pop() {
      const top = heap[0];
      const last = heap.pop();
      if (last === undefined || heap.length === 0) return top;
      let at = 0;
      for (let child = 1; child < heap.length; child = 2 * at + 1) {
        if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
        if (!before(heap[child]!, last)) break;
        heap[at] = heap[child]!;
        at = child;
      }
      heap[at] = last;
      return top;
    },
  };
}
