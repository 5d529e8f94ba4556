import { layOut, loopsOf, type CompiledLoops } from '../compiled-loops.ts';
import { compiled } from './compiled-products.ts';

/** For each row the candidate with the largest x · c + bias, the first one of equals; −1 where there is none. */
export interface LargestProducts {
  readonly scores: Float32Array;
  readonly indices: Int32Array;
}

export interface LargestProductsOptions {
  /** Numbers in a row and in a candidate: a multiple of 4. */
  readonly stride: number;
  /** Added to the products of each candidate. Default 0. */
  readonly biases?: Float32Array;
  /** Only candidates of smaller number than the row's count. */
  readonly earlier?: boolean;
}

interface Loops extends CompiledLoops {
  largest(rows: number, rowCount: number, firstRow: number, candidates: number, candidateCount: number, firstCandidate: number, biases: number, bytes: number, earlier: boolean, scores: number, indices: number): void;
}

/** Rows and candidates that are in the loops' memory at a time: candidates stay in the cache while the rows pass by. */
const ROWS = 1024;
const CANDIDATES = 128;

/** The definition. */
export function plainLargestProducts(rows: Float32Array, candidates: Float32Array, { stride, biases, earlier = false }: LargestProductsOptions): LargestProducts {
  const count = rows.length / stride;
  const scores = new Float32Array(count).fill(-Infinity);
  const indices = new Int32Array(count).fill(-1);
  for (let r = 0; r < count; r++) {
    const limit = earlier ? r : candidates.length / stride;
    for (let c = 0; c < limit; c++) {
      let sum = 0;
      for (let i = 0; i < stride; i++) sum += (rows[r * stride + i] as number) * (candidates[c * stride + i] as number);
      sum += biases?.[c] ?? 0;
      if (sum <= (scores[r] as number)) continue;
      scores[r] = sum;
      indices[r] = c;
    }
  }
  return { scores, indices };
}

const openLoops = loopsOf<Loops>(compiled);

/** By the compiled loop where there is WebAssembly with SIMD, with sums in another order than the definition's. */
export function largestProducts(rows: Float32Array, candidates: Float32Array, options: LargestProductsOptions): LargestProducts {
  const loops = openLoops();
  if (!loops) return plainLargestProducts(rows, candidates, options);
  const { stride, biases, earlier = false } = options;
  const count = rows.length / stride;
  const candidateCount = candidates.length / stride;
  const bytes = 4 * stride;
  const [batch, tile] = [Math.min(ROWS, count), Math.min(CANDIDATES, candidateCount)];
  const [atRows = 0, atCandidates = 0, atBiases = 0, atScores = 0, atIndices = 0] = layOut(loops, [batch * bytes, tile * bytes, 4 * CANDIDATES, 4 * ROWS, 4 * ROWS]);
  const { buffer } = loops.memory;
  const memory = new Float32Array(buffer);
  const scores = new Float32Array(count);
  const indices = new Int32Array(count);
  for (let row = 0; row < count; row += batch) {
    const rowCount = Math.min(batch, count - row);
    memory.set(rows.subarray(row * stride, (row + rowCount) * stride), atRows / 4);
    memory.fill(-Infinity, atScores / 4, atScores / 4 + rowCount);
    new Int32Array(buffer, atIndices, rowCount).fill(-1);
    const end = earlier ? Math.min(candidateCount, row + rowCount) : candidateCount;
    for (let first = 0; first < end; first += tile) {
      const inTile = Math.min(tile, candidateCount - first);
      memory.set(candidates.subarray(first * stride, (first + inTile) * stride), atCandidates / 4);
      if (biases) memory.set(biases.subarray(first, first + inTile), atBiases / 4);
      else memory.fill(0, atBiases / 4, atBiases / 4 + inTile);
      loops.largest(atRows, rowCount, row, atCandidates, inTile, first, atBiases, bytes, earlier, atScores, atIndices);
    }
    scores.set(new Float32Array(buffer, atScores, rowCount), row);
    indices.set(new Int32Array(buffer, atIndices, rowCount), row);
  }
  return { scores, indices };
}
