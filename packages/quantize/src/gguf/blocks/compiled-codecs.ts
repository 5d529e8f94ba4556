import type { BlockType } from './codecs.ts';
import { weigh } from './codec.ts';
import { BATCH, type BlockFits, blockFits } from './fits.ts';
import { WEIGHTED_TRIALS } from './fit-scale-min.ts';
import { halves } from './half.ts';
import { Q2_K_TYPE } from './q2-k.ts';
import { Q4_K_TYPE } from './q4-k.ts';
import { Q5_K_TYPE } from './q5-k.ts';
import { packQ6, signedScales } from './q6-k.ts';
import { type Fitted, fitted, SUPER, type SuperType, wholeScales } from './super-block.ts';

const f = Math.fround;

/** Writes the blocks of a row, or of several rows where no importance is given. */
type Quantize = (row: Float32Array, out: Uint8Array, importance?: Float32Array) => void;

/** Room for a batch: the codes of each super-block lie in the memory of the loops. */
let room: Fitted[] | undefined;
const fittedOf = ({ codes }: BlockFits): Fitted[] => (room ??= Array.from({ length: BATCH }, (_, i) => fitted(codes.subarray(SUPER * i, SUPER * (i + 1)))));

/** Calls `batch` for each part of a row: where it begins and how many super-blocks it has. */
function inBatches(row: Float32Array, x: Float32Array, batch: (begin: number, count: number) => void): void {
  for (let begin = 0; begin < row.length; begin += SUPER * BATCH) {
    const part = row.subarray(begin, begin + SUPER * BATCH);
    x.set(part);
    batch(begin, part.length / SUPER);
  }
}

/** The types with scales and lower ends, as `fitSuperBlock` does them. */
function withMins(type: SuperType): Quantize {
  const { size, levels } = type;
  const blocks = SUPER / size;
  const sums = new Float32Array(blocks);
  return (row, out, importance) => {
    const fits = blockFits();
    const { run, at, x, w, scales, mins } = fits;
    const found = fittedOf(fits);
    const half = halves();
    const { first, delta, steps, absolute } = importance === undefined ? type.trials : WEIGHTED_TRIALS;
    inBatches(row, x, (begin, count) => {
      if (importance !== undefined) weighed(row, { begin, count, importance, factor: type.sigmaFactor, w });
      else if (size === 32) run.spreadWeights(blocks * count, at.x, at.w);
      else for (let i = 0; i < SUPER * count; i++) w[i] = Math.abs(x[i]!);
      run.fitScaleMin(blocks * count, size, at.x, at.w, at.codes, at.scales, at.mins, levels, first, delta, steps, absolute ? 1 : 0);
      for (let i = 0; i < count; i++) {
        const into = found[i]!;
        const [from, to] = [blocks * i, blocks * (i + 1)];
        if (importance !== undefined) sumUp(sums, w, { begin: SUPER * i, size });
        wholeScales(scales.subarray(from, to), mins.subarray(from, to), { into, levels: type.scaleLevels, weights: importance === undefined ? undefined : sums });
        for (let j = 0; j < blocks; j++) {
          scales[from + j] = half[into.scale]! * into.scaleCodes[j]!;
          mins[from + j] = half[into.min]! * into.minCodes[j]!;
        }
      }
      run.requantize(blocks * count, size, at.x, at.codes, at.scales, at.mins, 0, levels, 0);
      for (let i = 0; i < count; i++) type.pack(found[i]!, out, (begin / SUPER + i) * type.bytes);
    });
  };
}

/** weight = importance · √(factor · mean square of the super-block + x²). */
function weighed(row: Float32Array, { begin, count, importance, factor, w }: { begin: number; count: number; importance: Float32Array; factor: number; w: Float32Array }): void {
  for (let i = 0; i < count; i++) {
    const from = begin + SUPER * i;
    let sum = 0;
    for (let j = from; j < from + SUPER; j++) sum = f(sum + f(row[j]! * row[j]!));
    weigh(w.subarray(SUPER * i), row, { importance, begin: from, count: SUPER, sigma2: f(f(factor * sum) / SUPER) });
  }
}

function sumUp(sums: Float32Array, w: Float32Array, { begin, size }: { begin: number; size: number }): void {
  for (let j = 0; j < sums.length; j++) {
    let total = 0;
    for (let i = begin + size * j; i < begin + size * (j + 1); i++) total = f(total + w[i]!);
    sums[j] = total;
  }
}

/** Q6_K, as q6-k.ts does it. */
function q6(row: Float32Array, out: Uint8Array, importance?: Float32Array): void {
  const fits = blockFits();
  const { run, at, x, w, scales, mins } = fits;
  const found = fittedOf(fits);
  const half = halves();
  const scaleCodes = new Int8Array(16 * BATCH);
  const kept = new Array<number | undefined>(BATCH);
  inBatches(row, x, (begin, count) => {
    if (importance !== undefined) w.set(importance.subarray(begin, begin + SUPER * count));
    run.fitScale(16 * count, 16, at.x, importance === undefined ? 0 : at.w, at.codes, at.scales, 32);
    mins.fill(0);
    for (let i = 0; i < count; i++) {
      const codes = scaleCodes.subarray(16 * i, 16 * (i + 1));
      const scale = signedScales(scales.subarray(16 * i, 16 * (i + 1)), codes);
      kept[i] = scale;
      for (let j = 0; j < 16; j++) scales[16 * i + j] = scale === undefined ? 0 : half[scale]! * codes[j]!;
    }
    run.requantize(16 * count, 16, at.x, at.codes, at.scales, at.mins, -32, 31, 32);
    for (let i = 0; i < count; i++) {
      const to = (begin / SUPER + i) * 210;
      const scale = kept[i];
      if (scale === undefined) out.fill(0, to, to + 210);
      else packQ6(out, to, { codes: found[i]!.codes, scaleCodes: scaleCodes.subarray(16 * i, 16 * (i + 1)), scale });
    }
  });
}

/** Q8_0, as q8-0.ts does it. */
function q8(row: Float32Array, out: Uint8Array): void {
  const { run, at, x, out: blocks } = blockFits();
  for (let begin = 0; begin < row.length; begin += SUPER * BATCH) {
    const part = row.subarray(begin, begin + SUPER * BATCH);
    x.set(part);
    run.quantizeQ8(part.length / 32, at.x, at.out);
    out.set(blocks.subarray(0, (part.length / 32) * 34), (begin / 32) * 34);
  }
}

/** The types that take long, or are wanted most, by the compiled loops: the same bytes as the plain files beside this one, several times faster. */
export const COMPILED: Partial<Readonly<Record<BlockType, Quantize>>> = { Q8_0: q8, Q2_K: withMins(Q2_K_TYPE), Q4_K: withMins(Q4_K_TYPE), Q5_K: withMins(Q5_K_TYPE), Q6_K: q6 };
