import { activate, activateDerivative } from '../common/activation.ts';
import type { Sizes } from '../kernel.ts';

interface Code { readonly activation: number }

/** y = f(x). */
export function activationReference({ x, y }: { readonly x: Float64Array; readonly y: Float64Array }, { count = 0 }: Sizes, { activation }: Code): void {
  for (let i = 0; i < count; i++) y[i] = activate(x[i]!, activation);
}

interface Backward { readonly dy: Float64Array; readonly x: Float64Array; readonly dx: Float64Array }

/** dx = dy · f′(x). */
export function activationBackwardReference({ dy, x, dx }: Backward, { count = 0 }: Sizes, { activation }: Code): void {
  for (let i = 0; i < count; i++) dx[i] = dy[i]! * activateDerivative(x[i]!, activation);
}
