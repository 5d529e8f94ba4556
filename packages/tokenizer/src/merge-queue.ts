/** A pair that may be merged next, with its count when it was queued and the words where it may occur. */
export interface Candidate {
  readonly pair: number;
  readonly left: number;
  readonly right: number;
  readonly words: readonly number[];
  count: number;
}

/** Candidates by count, the highest first; among equals the lowest left id, then the lowest right id. */
export interface MergeQueue {
  push(candidate: Candidate): void;
  /** The first candidate, which stays in place; undefined where there is none. */
  first(): Candidate | undefined;
  /** Puts the first candidate where its count, which was lowered, belongs. */
  settleFirst(): void;
  removeFirst(): void;
}

function precedes(a: Candidate, b: Candidate): boolean {
  if (a.count !== b.count) return a.count > b.count;
  return a.left !== b.left ? a.left < b.left : a.right < b.right;
}

/** An empty {@link MergeQueue}, a binary heap. */
export function mergeQueue(): MergeQueue {
  const heap: Candidate[] = [];

  function sink(candidate: Candidate): void {
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && precedes(heap[child + 1]!, heap[child]!)) child++;
      if (!precedes(heap[child]!, candidate)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = candidate;
  }

  return {
    push(candidate) {
      let at = heap.length;
      heap.push(candidate);
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!precedes(candidate, heap[parent]!)) break;
        heap[at] = heap[parent]!;
        at = parent;
      }
      heap[at] = candidate;
    },
    first: () => heap[0],
    settleFirst() {
      if (heap.length > 0) sink(heap[0]!);
    },
    removeFirst() {
      const last = heap.pop();
      if (last && heap.length > 0) sink(last);
    },
  };
}
