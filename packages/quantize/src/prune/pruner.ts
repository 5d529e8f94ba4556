import type { MomentName, Moments } from '../calibrate/moments.ts';
import type { Matrix } from '../linalg/matrix.ts';

/** Which weights of a matrix go. */
export interface Sparsity {
  /** Share of the weights that become 0; default 0.5. */
  readonly sparsity?: number;
  /** So many zeros among every so many neighbouring inputs instead, `[2, 4]` or `[4, 8]`, as some hardware multiplies faster. */
  readonly pattern?: readonly [zeros: number, of: number];
}

/** A way to choose the weights of one matrix [out, in] that become 0. */
export interface Pruner {
  readonly name: string;
  readonly needs: readonly MomentName[];
  prune(matrix: Matrix<Float32Array>, moments?: Moments): Promise<Matrix<Float32Array>>;
}

/** Throws for a share or a pattern that cannot be. */
export function checkSparsity(name: string, { sparsity = 0.5, pattern }: Sparsity): void {
  if (!(sparsity >= 0 && sparsity < 1)) throw new RangeError(`${name}: expected a sparsity from 0 to below 1 but found ${sparsity}.`);
  if (pattern !== undefined && !(Number.isInteger(pattern[0]) && Number.isInteger(pattern[1]) && pattern[0] > 0 && pattern[0] < pattern[1])) {
    throw new RangeError(`${name}: expected a pattern of fewer zeros than places, such as [2, 4], but found [${pattern.join(', ')}].`);
  }
}

/** Throws where the places of a pattern do not fill the rows. */
export function checkPattern(name: string, cols: number, pattern: Sparsity['pattern']): void {
  if (pattern !== undefined && cols % pattern[1] !== 0) throw new RangeError(`${name}: expected rows of whole groups of ${pattern[1]} but found ${cols} inputs. Leave the matrix out, or prune without a pattern.`);
}

/** Marks the `zeros` places of least score among every `of` neighbours of a row, of equal ones the first. */
export function markPattern(mask: Uint8Array, score: ArrayLike<number>, [zeros, of]: readonly [number, number]): void {
  const places = Array.from({ length: of }, (_, i) => i);
  for (let start = 0; start < score.length; start += of) {
    const order = places.slice().sort((a, b) => score[start + a]! - score[start + b]! || a - b);
    for (let i = 0; i < zeros; i++) mask[start + order[i]!] = 1;
  }
}

/** The matrix with marked places set to 0. */
export function withoutMarked({ rows, cols, values }: Matrix<Float32Array>, mask: Uint8Array): Matrix<Float32Array> {
  return { rows, cols, values: values.map((value, i) => (mask[i] === 1 ? 0 : value)) };
}
