import type { Sizes } from '../kernel.ts';

interface Uniforms {
  readonly scale: number; readonly causal: number; readonly window: number; readonly offset: number; readonly softCap: number;
}

interface Inputs {
  readonly q: Float64Array; readonly k: Float64Array; readonly v: Float64Array; readonly bias?: Float64Array;
  readonly segments?: Float64Array; readonly lengths?: Float64Array; readonly offsets?: Float64Array;
  readonly prefixes?: Float64Array;
}

interface Row { readonly b: number; readonly i: number; readonly h: number; readonly q: number; readonly lse: number }

/** Visits each row of queries with where it lies in q and in lse. */
function eachRow({ batch = 0, queries = 0, heads = 0, width = 0 }: Sizes, visit: (row: Row) => void): void {
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queries; i++) {
        visit({ b, i, h, q: ((b * queries + i) * heads + h) * width, lse: (b * heads + h) * queries + i });
      }
    }
  }
}

/** Whether a query of one segment sees a key of another: its own, or the trunk of its document. */
const sees = (query: number, key: number): boolean => key === query || key === (query & 0xffff);

/** The keys that a row sees: for each its score, what a change of q · k changes it by, and where it lies in k and v. */
function visibleScores(
  { q, k, bias, segments, lengths, offsets, prefixes }: Inputs,
  { queries = 0, keys = 0, heads = 1, kvHeads = 1, width = 0, biasBatch = 1, biasHeads = 1 }: Sizes,
  { uniforms: { scale, causal, window, offset, softCap }, row: { b, i, h, q: from } }: { uniforms: Uniforms; row: Row },
): { at: number; score: number; slope: number }[] {
  const position = i + (offsets?.[b] ?? (offset === -1 ? keys - queries : offset));
  const factor = scale === 0 ? 1 / Math.sqrt(width) : scale;
  const found: { at: number; score: number; slope: number }[] = [];
  for (let j = 0; j < Math.min(keys, lengths?.[b] ?? keys); j++) {
    if (causal && j > position && j >= (prefixes?.[b] ?? 0)) continue;
    if (window > 0 && position - j >= window) continue;
    if (segments !== undefined) {
      if (position < 0 || position >= keys) continue;
      if (!sees(segments[b * keys + position]!, segments[b * keys + j]!)) continue;
    }
    const at = ((b * keys + j) * kvHeads + Math.floor(h / (heads / kvHeads))) * width;
    let dot = 0;
    for (let c = 0; c < width; c++) dot += q[from + c]! * k[at + c]!;
    const biasRow = ((biasBatch === 1 ? 0 : b) * biasHeads + (biasHeads === 1 ? 0 : h)) * queries + i;
    const tanh = softCap > 0 ? Math.tanh((dot * factor) / softCap) : 0;
    const score = softCap > 0 ? softCap * tanh : dot * factor;
    found.push({ at, score: score + (bias?.[biasRow * keys + j] ?? 0), slope: factor * (1 - tanh ** 2) });
  }
  return found;
}

/** o = softmax(cap(scale · q kᵀ) + bias) v over the visible keys, lse = log Σ exp(score); a row that sees nothing gives 0 and −∞. */
export function attentionReference(
  io: Inputs & { readonly o: Float64Array; readonly lse: Float64Array }, dims: Sizes, uniforms: Uniforms,
): void {
  const { width = 0 } = dims;
  io.o.fill(0);
  eachRow(dims, (row) => {
    const scores = visibleScores(io, dims, { uniforms, row });
    const max = scores.reduce((most, { score }) => Math.max(most, score), -Infinity);
    const sum = max === -Infinity ? 0 : scores.reduce((total, { score }) => total + Math.exp(score - max), 0);
    io.lse[row.lse] = sum === 0 ? -Infinity : max + Math.log(sum);
    if (sum === 0) return;
    for (const { at, score } of scores) {
      const p = Math.exp(score - max) / sum;
      for (let c = 0; c < width; c++) io.o[row.q + c]! += p * io.v[at + c]!;
    }
  });
}

interface Backward extends Inputs {
  readonly dout: Float64Array; readonly o: Float64Array; readonly lse: Float64Array;
  readonly dq: Float64Array; readonly dk: Float64Array; readonly dv: Float64Array;
}

/** With p = exp(score − lse) and ds = slope · p · (dout·v − dout·o): dq = Σ ds k, dk = Σ ds q, dv = Σ p dout. */
export function attentionBackwardReference(io: Backward, dims: Sizes, uniforms: Uniforms): void {
  const { width = 0 } = dims;
  const { dout, q, k, v, o, lse, dq, dk, dv } = io;
  for (const gradient of [dq, dk, dv]) gradient.fill(0);
  eachRow(dims, (row) => {
    if (lse[row.lse] === -Infinity) return;
    let own = 0;
    for (let c = 0; c < width; c++) own += dout[row.q + c]! * o[row.q + c]!;
    for (const { at, score, slope } of visibleScores(io, dims, { uniforms, row })) {
      const p = Math.exp(score - lse[row.lse]!);
      let dp = 0;
      for (let c = 0; c < width; c++) dp += dout[row.q + c]! * v[at + c]!;
      const ds = slope * p * (dp - own);
      for (let c = 0; c < width; c++) {
        dv[at + c]! += p * dout[row.q + c]!;
        dq[row.q + c]! += ds * k[at + c]!;
        dk[at + c]! += ds * q[row.q + c]!;
      }
    }
  });
}
