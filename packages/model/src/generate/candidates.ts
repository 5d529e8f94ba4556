/** The tokens that may come next, with their logits; samplers make smaller or changed ones of it and never change it in place. */
export interface Candidates {
  readonly ids: Int32Array;
  readonly logits: Float32Array;
  /** Whether the logits fall; equal ones stand by id. */
  readonly sorted: boolean;
}

/** Every token of the vocabulary as a candidate; a logit may be −∞, but not NaN. */
export function candidates(logits: Float32Array): Candidates {
  const ids = new Int32Array(logits.length);
  for (let id = 0; id < ids.length; id++) {
    if (Number.isNaN(logits[id])) throw new RangeError('candidates: expected logits but found NaN. Check the parameters: a training run may have diverged.');
    ids[id] = id;
  }
  return { ids, logits, sorted: false };
}

/** The candidates at these places, in this order. */
export function pick({ ids, logits }: Candidates, { places, sorted }: { places: ArrayLike<number>; sorted: boolean }): Candidates {
  const kept = { ids: new Int32Array(places.length), logits: new Float32Array(places.length), sorted };
  for (let i = 0; i < places.length; i++) {
    kept.ids[i] = ids[places[i]!]!;
    kept.logits[i] = logits[places[i]!]!;
  }
  return kept;
}

/** The same candidates from the likeliest down. */
export function sorted(list: Candidates): Candidates {
  if (list.sorted) return list;
  const { ids, logits } = list;
  const places = Uint32Array.from({ length: ids.length }, (_, i) => i).sort((a, b) => logits[b]! - logits[a]! || ids[a]! - ids[b]!);
  return pick(list, { places, sorted: true });
}

/** The first `count` of sorted candidates. */
export function first({ ids, logits }: Candidates, count: number): Candidates {
  return { ids: ids.subarray(0, count), logits: logits.subarray(0, count), sorted: true };
}

/** The largest logit. */
export function highest({ logits }: Candidates): number {
  let most = -Infinity;
  for (const logit of logits) if (logit > most) most = logit;
  return most;
}

/** softmax of the logits, in f64. */
export function probabilities(list: Candidates): Float64Array {
  const most = highest(list);
  const p = new Float64Array(list.logits.length);
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += p[i] = Math.exp(list.logits[i]! - most);
  for (let i = 0; i < p.length; i++) p[i]! /= sum;
  return p;
}

/** The candidate at which the summed probabilities pass `uniform`, a number in [0, 1). */
export function draw(list: Candidates, uniform: number): number {
  const p = probabilities(list);
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    sum += p[i]!;
    if (uniform < sum) return list.ids[i]!;
  }
  if (!(sum > 0)) {
    throw new RangeError(`draw: expected finite logits of at least one candidate but found ${p.length === 0 ? 'no candidate' : 'NaN or only infinities'}. Check the parameters for NaN, and the samplers.`);
  }
  // Rounding may leave the sum a little below 1: the last candidate that can be drawn at all stands for the rest.
  return list.ids[p.findLastIndex((share) => share > 0)]!;
}

/** log softmax(logits / temperature)[id]: the log-probability that the model itself gives, before any sampler; temperature 1 by default. */
export function logProbability(logits: Float32Array, id: number, temperature: number = 1): number {
  let most = -Infinity;
  for (const logit of logits) if (logit > most) most = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp((logit - most) / temperature);
  return (logits[id]! - most) / temperature - Math.log(sum);
}
