import type { GroupedMatrix } from '../grid/grouped-matrix.ts';
import type { Matrix } from '../linalg/matrix.ts';

/** A way to put one matrix [out, in] into few bits, which may want to know the inputs that it meets. */
export interface Method {
  readonly name: string;
  /** Wants XᵀX of the inputs, [in, in]. */
  readonly needsHessian: boolean;
  readonly groupSize: number;
  /** `groupSize` divides the columns. */
  quantize(matrix: Matrix<Float32Array>, settings: { groupSize: number; hessian?: Matrix | undefined }): Promise<GroupedMatrix>;
}

/** Throws for a value that is no number. */
export function checkFinite(name: string, { values, cols }: Matrix): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new RangeError(`${name}: expected finite weights but found ${values[at]} in row ${Math.floor(at / cols)}. Look for what broke the weights before they are quantized.`);
}
