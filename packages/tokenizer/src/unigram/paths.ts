import { expOf, logOf } from './exp-log.ts';
import { hypotheses } from './hypotheses.ts';
import type { Lattice } from './lattice.ts';

/** The score of the best path up to each node, and the node before it (Viterbi). */
function bestUpTo({ size, nodes, scores, begins, firstEnd, nextEnd }: Lattice): { best: Float64Array; before: Int32Array } {
  const best = new Float64Array(nodes);
  const before = new Int32Array(nodes).fill(-1);
  for (let at = 0; at <= size; at++) {
    for (let right = begins[at]!; right < begins[at + 1]!; right++) {
      for (let left = firstEnd[at]!; left >= 0; left = nextEnd[left]!) {
        const score = best[left]! + scores[right]!;
        if (before[right]! >= 0 && score <= best[right]!) continue;
        best[right] = score;
        before[right] = left;
      }
    }
  }
  return { best, before };
}

/** The pieces of the best path. */
export function bestPath(lattice: Lattice): number[] {
  const { before } = bestUpTo(lattice);
  const path: number[] = [];
  for (let node = before[lattice.nodes - 1]!; node > 0; node = before[node]!) path.push(lattice.ids[node]!);
  return path.reverse();
}

/** The pieces of the best two paths, of which there may be only one: from the end backwards, the most promising first. */
export function twoBestPaths(lattice: Lattice): number[][] {
  const { best } = bestUpTo(lattice);
  const open = hypotheses();
  open.push({ node: lattice.nodes - 1, next: undefined, promise: 0, score: 0 });
  const found: number[][] = [];
  for (let hypothesis = open.pop(); hypothesis && found.length < 2; hypothesis = open.pop()) {
    const { node } = hypothesis;
    if (node === 0) {
      const path: number[] = [];
      for (let next = hypothesis.next; next?.next; next = next.next) path.push(lattice.ids[next.node]!);
      found.push(path);
      continue;
    }
    for (let left = lattice.firstEnd[lattice.starts[node]!]!; left >= 0; left = lattice.nextEnd[left]!) {
      open.push({ node: left, next: hypothesis, promise: best[left]! + hypothesis.score, score: lattice.scores[left]! + hypothesis.score });
    }
  }
  return found;
}

/** Returns the function that adds to `expected` how often each piece is to be expected in a text that occurs `count` times (forward-backward). */
export function expectations(expected: Float64Array): (lattice: Lattice, count: number) => void {
  // The logarithm of the sum over all ways up to each place, and from there on: the same for all nodes that begin, and end, there.
  let before = new Float64Array(0);
  let behind = before;
  return ({ size, nodes, ids, scores, starts, begins, firstEnd, nextEnd, ends }, count) => {
    if (size >= before.length) {
      before = new Float64Array(2 * size + 1);
      behind = new Float64Array(2 * size + 1);
    }
    before[0] = 0;
    for (let at = 1; at <= size; at++) {
      let left = firstEnd[at]!;
      if (left < 0) continue;
      let sum = scores[left]! + before[starts[left]!]!;
      for (left = nextEnd[left]!; left >= 0; left = nextEnd[left]!) sum = logSumExp(sum, scores[left]! + before[starts[left]!]!);
      before[at] = sum;
    }
    behind[size] = 0;
    for (let at = size - 1; at >= 0; at--) {
      let right = begins[at]!;
      if (right === begins[at + 1]!) continue;
      let sum = scores[right]! + behind[ends[right]!]!;
      for (right++; right < begins[at + 1]!; right++) sum = logSumExp(sum, scores[right]! + behind[ends[right]!]!);
      behind[at] = sum;
    }
    const whole = before[size]!;
    for (let node = 1; node < nodes - 1; node++) expected[ids[node]!]! += count * expOf(before[starts[node]!]! + scores[node]! + behind[ends[node]!]! - whole);
  };
}

/** ln(eˣ + eʸ). */
function logSumExp(x: number, y: number): number {
  const least = Math.min(x, y);
  const most = Math.max(x, y);
  return most > least + 50 ? most : most + logOf(expOf(least - most) + 1);
}
