import { flatten, type Tree } from '@llm/tensor';
import { layerOf } from '../targets/select.ts';

/** The layer of a path among `layers`, embeddings being below the first and heads and last norms above the last. */
function depthOf(path: string, layers: number): number {
  const layer = layerOf(path);
  if (layer !== undefined) return layer + 1;
  return /(?:^|\.)(?:embed_\w+|wte|wpe|shared|\w*embeddings?)\./.test(path) ? 0 : layers + 1;
}

/**
 * Learning rates that fall from the top of the model down, a factor by path for `adamw({ lrScale })`.
 *
 *   factor = decay^(layers − layer), layers counting from 0 below the first to `layers` + 1 above the last; 1 above the last
 *
 * Howard and Ruder 2018, https://arxiv.org/abs/1801.06146
 *
 * @example
 * ```ts
 * import { layerRates } from '@llm/lora';
 * const scale = layerRates({ layers: 4, decay: 0.5 });
 * if (scale('model.layers.3.mlp.up_proj.weight') !== 0.5 || scale('model.norm.weight') !== 1) throw new Error('halved once');
 * ```
 */
export function layerRates({ layers, decay = 0.95 }: { layers: number; decay?: number }): (path: string) => number {
  if (!Number.isInteger(layers) || layers < 1) throw new RangeError(`layerRates: expected the number of layers but found ${layers}.`);
  if (!(decay > 0 && decay <= 1)) throw new RangeError(`layerRates: expected 0 < decay ≤ 1 but found ${decay}. 0.95 is usual.`);
  return (path) => decay ** (layers + 1 - depthOf(path, layers));
}

/** A stretch of training with what is trained in it. */
export interface UnfreezingPhase {
  /** The step that the phase ends with: `train({ steps })`. */
  readonly until: number;
  /** For `train({ trainable })`; where nothing below is trained, no gradient is computed there. */
  readonly trainable: (path: string) => boolean;
}

/**
 * Gradual unfreezing: the topmost layer is trained first, and every `stepsPerLayer` steps one more below it, the embeddings last.
 * Run `train` once for each phase, on one state that was made with the last phase's `trainable`.
 *
 * `floor` (default 0) is the lowest layer that is ever trained: nothing flows back below it.
 *
 * Howard and Ruder 2018, https://arxiv.org/abs/1801.06146
 *
 * @example
 * ```ts
 * import { gradualUnfreezing } from '@llm/lora';
 * const [first, , last] = gradualUnfreezing({ layers: 2, stepsPerLayer: 10, steps: 100 });
 * if (first!.until !== 10 || first!.trainable('model.layers.0.mlp.up_proj.weight') || last!.until !== 100) throw new Error('from the top');
 * ```
 */
export function gradualUnfreezing({ layers, stepsPerLayer, steps, floor = 0, trainable = () => true }: {
  layers: number; stepsPerLayer: number; steps: number; floor?: number; trainable?: (path: string) => boolean;
}): UnfreezingPhase[] {
  for (const [name, value] of Object.entries({ layers, stepsPerLayer, steps })) {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`gradualUnfreezing: expected ${name} to be a whole number from 1 on but found ${value}.`);
  }
  // With a floor the embeddings stay frozen as well.
  const lowest = floor > 0 ? floor + 1 : 0;
  const phases: UnfreezingPhase[] = [];
  for (let depth = layers; depth >= lowest; depth--) {
    const until = depth === lowest ? steps : Math.min(steps, stepsPerLayer * (phases.length + 1));
    phases.push({ until, trainable: (path) => trainable(path) && depthOf(path, layers) >= depth });
    if (until === steps) break;
  }
  return phases;
}

/** The number of layers of a tree: one more than the largest number that a path passes. */
export function layerCount(params: Tree): number {
  return Math.max(-1, ...Object.keys(flatten(params)).map((path) => layerOf(path) ?? -1)) + 1;
}
