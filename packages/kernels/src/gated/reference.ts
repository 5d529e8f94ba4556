import { activate, activateDerivative } from '../common/activation.ts';
import type { Sizes } from '../kernel.ts';

interface Code { readonly activation: number }
interface Forward { readonly gate: Float64Array; readonly up: Float64Array; readonly y: Float64Array }

/** y = f(gate) · up. */
export function gatedReference({ gate, up, y }: Forward, { count = 0 }: Sizes, { activation }: Code): void {
  for (let i = 0; i < count; i++) y[i] = activate(gate[i]!, activation) * up[i]!;
}

interface Backward {
  readonly dy: Float64Array; readonly gate: Float64Array; readonly up: Float64Array;
  readonly dgate: Float64Array; readonly dup: Float64Array;
}

/** dgate = dy · up · f′(gate), dup = dy · f(gate). */
export function gatedBackwardReference({ dy, gate, up, dgate, dup }: Backward, { count = 0 }: Sizes, { activation }: Code): void {
  for (let i = 0; i < count; i++) {
    const [d, x, u] = [dy[i]!, gate[i]!, up[i]!];
    dgate[i] = d * u * activateDerivative(x, activation);
    dup[i] = d * activate(x, activation);
  }
}
