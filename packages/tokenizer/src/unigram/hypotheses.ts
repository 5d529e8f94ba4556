/** A path from a node to the end: what it promises as a whole, and the score of the part behind the node. */
export interface Hypothesis {
  readonly node: number;
  readonly next: Hypothesis | undefined;
  readonly promise: number;
  readonly score: number;
}

/**
 * A heap of hypotheses with four children to a node, the most promising first. Which of equals comes first decides what a pruning leaves out,
 * so it moves them as the reference's heap does, where neither of two equals is less than the other.
 */
export function hypotheses(): { push(hypothesis: Hypothesis): void; pop(): Hypothesis | undefined } {
  const heap: Hypothesis[] = [];
  const less = (a: number, b: number): boolean => heap[a]!.promise < heap[b]!.promise;

  function rise(from: number): void {
    const moving = heap[from]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 2;
      if (moving.promise < heap[parent]!.promise) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = moving;
  }

  /** The greatest of four siblings, in two pairs. */
  function greatest(first: number): number {
    const left = less(first, first + 1) ? first + 1 : first;
    const right = less(first + 2, first + 3) ? first + 3 : first + 2;
    return less(left, right) ? right : left;
  }

  return {
    push(hypothesis) {
      heap.push(hypothesis);
      rise(heap.length - 1);
    },
    pop() {
      const last = heap.pop();
      if (last === undefined || heap.length === 0) return last;
      const top = heap[0]!;
      heap[0] = last;
      // Down to the bottom, and up again from there.
      let at = 0;
      let child = 1;
      for (; child + 4 <= heap.length; child = 4 * at + 1) {
        const chosen = greatest(child);
        heap[at] = heap[chosen]!;
        at = chosen;
      }
      if (child < heap.length) {
        let chosen = child;
        for (let i = child + 1; i < heap.length; i++) if (less(chosen, i)) chosen = i;
        heap[at] = heap[chosen]!;
        at = chosen;
      }
      heap[at] = last;
      rise(at);
      return top;
    },
  };
}
