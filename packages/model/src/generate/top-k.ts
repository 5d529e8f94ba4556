import { type Candidates, first, pick, sorted } from './candidates.ts';
import { off, type Sampler, told } from './sampler.ts';

/** Keeps the k likeliest candidates; k ≤ 0 is off. Fan et al. 2018, https://arxiv.org/abs/1805.04833 */
export function topK(k: number): Sampler {
  if (!Number.isInteger(k)) throw new RangeError(`topK: expected a whole number but found ${k}`);
  if (k <= 0) return off;
  return told({ topK: k }, (list) => {
    if (list.sorted || k * 8 > list.ids.length) return first(sorted(list), k);
    return sorted(best(list, k));
  });
}

/** The k likeliest in any order: a heap whose root is the worst kept, so that most of a large vocabulary costs one comparison. */
function best(list: Candidates, k: number): Candidates {
  const { ids, logits } = list;
  const worse = (a: number, b: number): boolean => logits[a]! < logits[b]! || (logits[a] === logits[b] && ids[a]! > ids[b]!);
  const heap = new Uint32Array(k);
  const sift = (from: number): void => {
    for (let at = from; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < k && worse(heap[child]!, heap[least]!)) least = child;
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  };
  for (let i = 0; i < k; i++) heap[i] = i;
  for (let i = (k >> 1) - 1; i >= 0; i--) sift(i);
  for (let i = k; i < ids.length; i++) {
    if (!worse(heap[0]!, i)) continue;
    heap[0] = i;
    sift(0);
  }
  return pick(list, { places: heap, sorted: false });
}
