import type { Sizes } from '../kernel.ts';

interface Io { readonly logits: Float64Array; readonly draws: Float64Array; readonly ids: Float64Array; readonly logprob: Float64Array }

/** The scalars of `sample`. */
export interface SampleSettings {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
}

/** Each row as the samplers of a language model do it one after the other: top-k, top-p, min-p, temperature, and the draw. */
export function sampleReference({ logits, draws, ids, logprob }: Io, { rows = 0, vocab = 0 }: Sizes, settings: SampleSettings): void {
  for (let row = 0; row < rows; row++) {
    const z = logits.subarray(row * vocab, (row + 1) * vocab);
    const most = mostOf(z);
    const fit = Number.isFinite(most) && !z.some(Number.isNaN);
    const id = fit ? draw(chances(z, settings), draws[row]!) : -1;
    ids[row] = id;
    logprob[row] = fit ? z[id]! - most - Math.log(z.reduce((sum, value) => sum + Math.exp(value - most), 0)) : 0;
  }
}

/** Tokens that may be drawn, in the order in which their probabilities are summed. */
export interface Chances {
  readonly ids: Uint32Array;
  readonly shares: Float64Array;
}

/** What the samplers leave of a row of logits. */
export function chances(z: Float64Array, { temperature, topK, topP, minP }: SampleSettings): Chances {
  const most = mostOf(z);
  if (temperature === 0) return { ids: Uint32Array.of(z.indexOf(most)), shares: Float64Array.of(1) };
  let ids = Uint32Array.from(z, (_, id) => id);
  if (topK > 0 || topP < 1) ids.sort((a, b) => z[b]! - z[a]! || a - b);
  if (topK > 0) ids = ids.subarray(0, topK);
  if (topP < 1) {
    const q = sharesOf(ids, (id) => z[id]! - most);
    let count = 0;
    for (let sum = 0; count === 0 || (count < q.length && sum < topP); count++) sum += q[count]!;
    ids = ids.subarray(0, count);
  }
  if (minP > 0) ids = ids.filter((id) => z[id]! >= most + Math.log(minP));
  // Divided in float32, as candidates hold it; near 0 the quotients would overflow, so the largest is made 0 first.
  const shift = temperature < 1e-3 ? most : 0;
  const divided = (value: number): number => (temperature === 1 ? value : Math.fround((value - shift) / temperature));
  return { ids, shares: sharesOf(ids, (id) => divided(z[id]!) - divided(most)) };
}

function draw({ ids, shares }: Chances, uniform: number): number {
  let sum = 0;
  const at = shares.findIndex((share) => uniform < (sum += share));
  return ids[at >= 0 ? at : shares.findLastIndex((share) => share > 0)]!;
}

const mostOf = (z: Float64Array): number => z.reduce((most, value) => (value > most ? value : most), -Infinity);

/** The powers of e of these, as shares of their sum. */
function sharesOf(ids: Uint32Array, exponent: (id: number) => number): Float64Array {
  const powers = Float64Array.from(ids, exponent).map(Math.exp);
  const sum = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / sum);
}
