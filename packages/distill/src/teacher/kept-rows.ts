import { log, maximum, slice, type Tensor, tensor } from '@llm/tensor';

/** The likeliest tokens of a teacher at some positions. */
export interface KeptRows {
  /** Positions. */
  readonly count: number;
  /** Tokens that were kept of each. */
  readonly k: number;
  /** What the teacher's logits were divided by. */
  readonly temperature: number;
  /** [count, k]: different ones in a row, the likeliest first. */
  readonly ids: Int32Array;
  /** [count, k + 1]: their probabilities, and that of all other tokens together; each row adds up to 1. */
  readonly probs: Float32Array;
}

/** The least probability that is told from 0, so that logarithms stay finite. */
const LEAST = 1e-8;

/** The rows of several, one behind the other; all of one k and one temperature. */
export function joinKept(all: readonly KeptRows[]): KeptRows {
  const [first] = all;
  if (first === undefined) throw new RangeError('joinKept: expected kept rows but found none.');
  const { k, temperature } = first;
  const odd = all.find((each) => each.k !== k || each.temperature !== temperature);
  if (odd !== undefined) throw new RangeError(`joinKept: expected rows of k ${k} and temperature ${temperature} but found k ${odd.k} and temperature ${odd.temperature}. Keep all of them in the same way.`);
  const count = all.reduce((sum, each) => sum + each.count, 0);
  const ids = new Int32Array(count * k);
  const probs = new Float32Array(count * (k + 1));
  let at = 0;
  for (const each of all) {
    ids.set(each.ids, at * k);
    probs.set(each.probs, at * (k + 1));
    at += each.count;
  }
  return { count, k, temperature, ids, probs };
}

/** Rows `from` to before `from + count`, without copying them. */
export function sliceKept({ k, temperature, ids, probs }: KeptRows, { from, count }: { readonly from: number; readonly count: number }): KeptRows {
  return { count, k, temperature, ids: ids.subarray(from * k, (from + count) * k), probs: probs.subarray(from * (k + 1), (from + count) * (k + 1)) };
}

/** Ids and log-probabilities of all rows on the device, for slices of them. */
export function keptTensors({ count, k, ids, probs }: KeptRows): (range: { readonly from: number; readonly count: number }) => { readonly ids: Tensor; readonly logProbs: Tensor } {
  const allIds = tensor(ids, [count, k], 'int32');
  const allProbs = tensor(probs, [count, k + 1]);
  return ({ from, count: some }) => ({ ids: slice(allIds, [from, 0], [some, k]), logProbs: log(maximum(slice(allProbs, [from, 0], [some, k + 1]), LEAST)) });
}
