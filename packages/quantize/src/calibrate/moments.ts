import { abs, add, keep, matMul, max, maximum, reshape, scope, square, sum, type Tensor } from '@llm/tensor';
import type { Matrix } from '../linalg/matrix.ts';

/** What is measured of the inputs of a layer, rows of x [tokens, in]. */
export type MomentName = 'hessian' | 'squares' | 'magnitudes' | 'largest';

/** Figures of the inputs that a layer has met. */
export interface Moments {
  readonly tokens: number;
  /** XᵀX [in, in]. */
  readonly hessian?: Matrix<Float32Array>;
  /** Σ x², Σ |x| and max |x| of each input. */
  readonly squares?: Float32Array;
  readonly magnitudes?: Float32Array;
  readonly largest?: Float32Array;
}

/** Gathers figures on the device while a model runs. */
export interface MomentCounter {
  see(x: Tensor): void;
  read(): Promise<Moments>;
  dispose(): void;
}

const STEPS: Readonly<Record<MomentName, (x: Tensor, before: Tensor | undefined) => Tensor>> = {
  hessian: (x, before) => plus(matMul(x, x, true), before),
  squares: (x, before) => plus(sum(square(x), 0), before),
  magnitudes: (x, before) => plus(sum(abs(x), 0), before),
  largest: (x, before) => {
    const found = max(abs(x), 0);
    return before === undefined ? found : maximum(found, before);
  },
};

const plus = (found: Tensor, before: Tensor | undefined): Tensor => (before === undefined ? found : add(found, before));

/** A counter of these figures; nothing but sums is kept, whatever the number of tokens. */
export function momentCounter(names: readonly MomentName[]): MomentCounter {
  const held = new Map<MomentName, Tensor>();
  let tokens = 0;
  const dispose = (): void => {
    for (const tensor of held.values()) tensor.dispose();
    held.clear();
  };
  return {
    see(x) {
      const width = x.shape.at(-1)!;
      tokens += x.size / width;
      for (const name of names) {
        const before = held.get(name);
        // Kept: the layers of a model free what is born inside them.
        held.set(name, keep(scope(() => STEPS[name](reshape(x, [x.size / width, width]), before))));
        before?.dispose();
      }
    },
    async read() {
      const values = new Map<MomentName, Float32Array>();
      for (const [name, tensor] of held) values.set(name, Float32Array.from(await tensor.data() as Float32Array));
      const hessian = values.get('hessian');
      const inputs = hessian === undefined ? 0 : Math.sqrt(hessian.length);
      return {
        tokens,
        ...(hessian === undefined ? {} : { hessian: { rows: inputs, cols: inputs, values: hessian } }),
        ...Object.fromEntries(['squares', 'magnitudes', 'largest'].flatMap((name) => {
          const found = values.get(name as MomentName);
          return found === undefined ? [] : [[name, found]];
        })),
      };
    },
    dispose,
  };
}
