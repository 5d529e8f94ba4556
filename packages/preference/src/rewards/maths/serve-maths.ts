import type { Port } from '../thread/terminable.ts';

/** Two expressions in LaTeX. */
export interface MathsJob {
  readonly a: string;
  readonly b: string;
}

interface Boxed { readonly isValid: boolean; isEqual(other: Boxed): boolean | undefined }
interface Engine { parse(latex: string): Boxed }

/** Says whether two expressions are equal. It must name nothing outside of itself. */
export function serveMaths(library: { readonly ComputeEngine: new () => Engine }, port: Port): void {
  const engine = new library.ComputeEngine();
  port.receive((message) => {
    const { a, b } = message as MathsJob;
    let equal = false;
    try {
      const [left, right] = [engine.parse(a), engine.parse(b)];
      equal = left.isValid && right.isValid && left.isEqual(right) === true;
    } catch {
      // What cannot be worked out is not equal.
    }
    port.send({ equal });
  });
}
