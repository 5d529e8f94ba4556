import { abs, add, mul, overwrite, scope, sub, type Tensor, tensor, type Tree, zeros } from '@llm/tensor';
import { adaloraLayers } from './adalora.ts';
import { LoraError } from './errors.ts';

/** The parts of an optimizer of @llm/train that are wrapped. */
export interface WatchedOptimizer {
  readonly name: string;
  init(params: Readonly<Record<string, Tensor>>): Record<string, Tensor>;
  update(args: {
    readonly params: Readonly<Record<string, Tensor>>; readonly grads: Readonly<Record<string, Tensor>>; readonly state: Record<string, Tensor>;
    readonly step: number; readonly scale: number | Tensor;
  }): void;
  lr(step: number): number;
}

export interface AllocatorOptions {
  /** The mean rank that is left in the end; default 8. */
  readonly targetRank?: number;
  /** All steps of the run. */
  readonly steps: number;
  /** Steps before the first rank is taken; default 0. */
  readonly warmupSteps?: number;
  /** Steps at the end in which nothing more is taken; default 0. */
  readonly finalSteps?: number;
  /** Steps from one allocation to the next; default 1. */
  readonly interval?: number;
  /** Decay of the averages of importance and of its uncertainty; default 0.85 each. */
  readonly beta1?: number;
  readonly beta2?: number;
}

export interface AdaloraAllocator {
  /** The same optimizer, which also measures how important each number is; what it knows is part of the optimizer's state. */
  watch(optimizer: WatchedOptimizer): WatchedOptimizer;
  /** How many ranks all layers have together after a step. */
  budget(step: number): number;
  /** Takes ranks away, where it is time to: call it after every step of `train`, with its index. */
  allocate(step: number): Promise<void>;
  /** Which ranks of each layer are left, by path. */
  kept(): Promise<Record<string, boolean[]>>;
}

/**
 * Takes ranks from the layers of AdaLoRA, the least important first, down to a budget that falls with the cube of the time left.
 *
 *   I = |p · ∂L/∂p|;  Ī ← β₁ Ī + (1 − β₁) I;  Ū ← β₂ Ū + (1 − β₂) |I − Ī|;  score = Ī · Ū
 *
 * of a rank: the score of its entry in E and the mean scores of its row of A and column of B. Those of the smallest become 0 in
 * E. As PEFT has it, the importance is reckoned on the parameters after the step.
 */
export function adaloraAllocator(params: Tree, options: AllocatorOptions): AdaloraAllocator {
  const { targetRank = 8, steps, warmupSteps = 0, finalSteps = 0, interval = 1, beta1 = 0.85, beta2 = 0.85 } = options;
  const layers = adaloraLayers(params);
  if (layers.length === 0) throw new LoraError('E_ADAPTER', 'adaloraAllocator: expected layers of AdaLoRA but found none. Make the tree with adalora.');
  if (!(warmupSteps < steps - finalSteps)) throw new RangeError(`adaloraAllocator: expected warmupSteps below steps − finalSteps, ${steps - finalSteps}, but found ${warmupSteps}. Between the two is the time in which ranks are taken.`);
  const last = steps - finalSteps;
  const all = layers.reduce((total, [, { settings }]) => total + settings.rank, 0);
  const target = targetRank * layers.length;
  const own = new Set(layers.flatMap(([path, { tensors }]) => Object.keys(tensors).map((name) => `${path}.${name}`)));
  let state: Readonly<Record<string, Tensor>> = {};
  let pattern: Map<string, boolean[]> | undefined;
  const budget = (step: number): number => {
    if (step <= warmupSteps) return all;
    if (step > last) return target;
    return Math.trunc((all - target) * (1 - (step - warmupSteps) / (last - warmupSteps)) ** 3 + target);
  };
  const mask = (kept: ReadonlyMap<string, readonly boolean[]>): void => {
    for (const [path, { e }] of layers) {
      const stays = tensor(Float32Array.from(kept.get(path)!, Number), e.shape as [number, number]);
      scope(() => overwrite(e, mul(e, stays)));
      stays.dispose();
    }
  };
  const prune = async (count: number): Promise<void> => {
    const scores = new Map<string, Float64Array>();
    for (const [path, { settings: { rank } }] of layers) scores.set(path, await scoresOf(path, rank, state));
    const sorted = Float64Array.from([...scores.values()].flatMap((each) => [...each])).sort();
    const threshold = sorted[all - count - 1] ?? -Infinity;
    pattern = new Map([...scores].map(([path, each]) => [path, [...each].map((score) => !(score <= threshold))]));
    mask(pattern);
  };
  return {
    budget,
    watch: (optimizer) => ({
      name: optimizer.name,
      lr: (step) => optimizer.lr(step),
      init: (trained) => {
        const made = optimizer.init(trained);
        for (const path of own) for (const name of ['importance', 'uncertainty']) made[`${name}/${path}`] = zeros(trained[path]!.shape);
        return made;
      },
      update: (args) => {
        optimizer.update(args);
        state = args.state;
        if (args.step >= last) return;
        for (const path of own) {
          const grad = args.grads[path];
          if (grad === undefined) continue;
          scope(() => {
            const [importance, uncertainty] = [args.state[`importance/${path}`]!, args.state[`uncertainty/${path}`]!];
            const now = abs(mul(args.params[path]!, mul(grad, args.scale)));
            overwrite(importance, add(mul(importance, beta1), mul(now, 1 - beta1)));
            overwrite(uncertainty, add(mul(uncertainty, beta2), mul(abs(sub(now, importance)), 1 - beta2)));
          });
        }
      },
    }),
    async allocate(step) {
      if (step > last) {
        if (pattern !== undefined) mask(pattern);
      } else if (step === last || (step > warmupSteps && step % interval === 0)) await prune(budget(step));
    },
    async kept() {
      const found: Record<string, boolean[]> = {};
      for (const [path, { e }] of layers) found[path] = [...await e.data()].map((value) => value !== 0);
      return found;
    },
  };
}

/** The score of each rank of a layer. */
async function scoresOf(path: string, rank: number, state: Readonly<Record<string, Tensor>>): Promise<Float64Array> {
  const scores = new Float64Array(rank);
  for (const name of ['lora_A', 'lora_B', 'lora_E']) {
    const [importance, uncertainty] = [state[`importance/${path}.${name}`], state[`uncertainty/${path}.${name}`]];
    if (importance === undefined || uncertainty === undefined) throw new LoraError('E_ADAPTER', `adaloraAllocator: expected an optimizer that watches importance but found none for ${path}. Train with allocator.watch(optimizer).`);
    const [many, unsure] = [await importance.data(), await uncertainty.data()];
    const perRank = many.length / rank;
    // Ranks are rows of A and E, and columns of B.
    for (let i = 0; i < many.length; i++) scores[name === 'lora_B' ? i % rank : Math.floor(i / perRank)]! += (many[i]! * unsure[i]!) / perRank;
  }
  return scores;
}
