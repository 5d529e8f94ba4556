import { abs, minimum, mul, sub, type Tensor } from '@llm/tensor';

/** ½ d² where |d| is below 1, |d| − ½ beyond, with d = a − b: torch's `smooth_l1_loss` before its mean. */
export function huberTerm(a: Tensor, b: Tensor): Tensor {
  const far = abs(sub(a, b));
  const near = minimum(far, 1);
  return mul(near, sub(far, mul(near, 0.5)));
}
