import { rope as kernel } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { call } from '../device/call.ts';

/** Cosines and sines by position and frequency, each [positions, half], and which pairs they turn. */
export interface Rotation {
  readonly cos: Tensor;
  readonly sin: Tensor;
  /** False: dimension i turns with i + half, as Hugging Face has it. True: 2i turns with 2i + 1, as GPT-J has it. */
  readonly interleaved?: boolean;
}

/**
 * Rotary position embedding.
 *
 *   (x₁, x₂) → (x₁ cos θ − x₂ sin θ, x₂ cos θ + x₁ sin θ)  with θ by position and frequency
 *
 * x [batch, length, heads, width]; positions int32 [batch, length], default 0, 1, 2, …. Only the first 2 · half dimensions turn.
 * Su et al. 2021, https://arxiv.org/abs/2104.09864
 */
export function rope(x: Tensor, { cos, sin, interleaved = false }: Rotation, { positions }: { positions?: Tensor } = {}): Tensor {
  const [batch = 0, length = 0, heads = 0, width = 0] = x.shape;
  const [tablePositions = 0, half = 0] = cos.shape;
  if (x.rank !== 4 || cos.rank !== 2 || cos.shape.join() !== sin.shape.join() || 2 * half > width) {
    throw new RangeError(
      `rope: expected x [batch, length, heads, width] and cos, sin [positions, half] with 2 · half ≤ width `
      + `but found [${x.shape.join(', ')}], [${cos.shape.join(', ')}] and [${sin.shape.join(', ')}]`,
    );
  }
  const turn = (x: Tensor, inverse: number, tables: { cos: Tensor; sin: Tensor; positions: Tensor | undefined }): Tensor => call(kernel, {
    inputs: { x, ...tables },
    dims: { batch, positions: length, heads, width, tablePositions, half },
    uniforms: { interleaved: Number(interleaved), inverse },
    outputs: { y: x.shape },
  }).y;
  return differentiable({
    inputs: { x },
    forward: (save) => {
      save(positions === undefined ? [cos, sin] : [cos, sin, positions]);
      return turn(x, 0, { cos, sin, positions });
    },
    backward: (dy, [cos, sin, positions]) => ({ x: () => turn(dy, 1, { cos: cos!, sin: sin!, positions }) }),
  });
}
