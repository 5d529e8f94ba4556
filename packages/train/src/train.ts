import { add, disposeTree, flatten, globalNorm, type Gradients, keep, scope, type Tensor, type Tree, valueAndGrad } from '@llm/tensor';
import { clipScale } from './clip.ts';
import { eventLoopTurn } from './event-loop-turn.ts';
import { type Guard, guard as makeGuard, type GuardOptions, type GuardState } from './guard.ts';
import type { Optimizer, OptimizerState } from './optimizer.ts';

/** What a loss gets beside parameters and batch. */
export interface LossContext {
  /** Divides the sum over this batch: the number of counted targets in all batches of the step. */
  readonly denominator: number;
  /** A seed for dropout, different for every micro-batch and the same after a resume. */
  readonly seed: number;
}

/** A batch of any kind that says how many targets count in it. */
export interface Counted {
  readonly targetCount: number;
}

/** All that changes while training, beside the parameters: save it and a run goes on as if it had never stopped. */
export interface TrainingState {
  step: number;
  tokens: number;
  readonly optimizer: OptimizerState;
  readonly guard: GuardState;
}

/** One optimizer step, as it was measured. */
export interface Step {
  /** Counts from 0. */
  readonly index: number;
  /** Mean over the counted targets of all micro-batches. */
  readonly loss: number;
  /** Before clipping. */
  readonly gradNorm: number;
  readonly lr: number;
  /** Counted targets of this step, and of all steps so far. */
  readonly targets: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly tokensPerSecond: number;
  /** Why the update was left out, where it was. */
  readonly skipped?: string;
}

export interface TrainOptions<P extends Tree, B extends Counted> {
  readonly params: P;
  readonly loss: (params: P, batch: B, context: LossContext) => Tensor;
  readonly batches: AsyncIterable<B> | Iterable<B>;
  readonly optimizer: Optimizer;
  /** From `startTraining` or a checkpoint; default: a fresh one, freed at the end. */
  readonly state?: TrainingState;
  /** Stop after this many optimizer steps in all; default: when the batches end. */
  readonly steps?: number;
  /** Micro-batches per step; default 1. */
  readonly accumulate?: number;
  /** Largest global gradient norm; default 1, Infinity for none. */
  readonly clipNorm?: number;
  /** Which paths are trained; default all. */
  readonly trainable?: (path: string) => boolean;
  /** When to leave an update out; see `guard`. */
  readonly guard?: GuardOptions;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** The state of a run that has done nothing yet. */
export function startTraining(params: Tree, optimizer: Optimizer, { trainable = () => true }: { trainable?: (path: string) => boolean } = {}): TrainingState {
  const trained = Object.fromEntries(Object.entries(flatten(params)).filter(([path, { dtype }]) => dtype === 'float32' && trainable(path)));
  return { step: 0, tokens: 0, optimizer: scope(() => optimizer.init(trained)), guard: { losses: [], norms: [], bad: 0 } };
}

/**
 * The training loop, one optimizer step at a time: accumulate, clip, update in place, yield. What you want between two steps,
 * you write between two steps.
 *
 *   L = Σ_micro-batches Σ_targets ℓ / (number of targets in all of them)
 *
 * so that accumulating equals one large batch whatever the lengths.
 *
 * @example
 * ```ts
 * import { mul, square, sub, sum, tensor, type Tensor, useDevice } from '@llm/tensor';
 * import { adamw, train } from '@llm/train';
 * await useDevice('cpu');
 * const params = { w: tensor([0]) };
 * const batches = Array.from({ length: 50 }, () => ({ targetCount: 1, x: tensor([2]), y: tensor([6]) }));
 * const loss = (p: { w: Tensor }, { x, y }: (typeof batches)[0]) => sum(square(sub(mul(p.w, x), y)));
 * let last = Infinity;
 * for await (const step of train({ params, loss, batches, optimizer: adamw({ lr: 0.2, weightDecay: 0 }) })) last = step.loss;
 * if (!(last < 1)) throw new Error('did not learn');
 * ```
 */
export async function* train<P extends Tree, B extends Counted>(options: TrainOptions<P, B>): AsyncGenerator<Step> {
  const { params, loss, batches, optimizer, steps = Infinity, accumulate = 1, clipNorm = 1, trainable, seed = 0, signal } = options;
  if (!Number.isInteger(accumulate) || accumulate < 1) throw new RangeError(`train: expected accumulate to be a whole number from 1 on but found ${accumulate}`);
  if (steps !== Infinity && (!Number.isSafeInteger(steps) || steps < 1)) throw new RangeError(`train: expected steps to be a whole number from 1 on but found ${steps}. Leave it out to stop when the batches end.`);
  if (!(clipNorm > 0)) throw new RangeError(`train: expected clipNorm > 0 but found ${clipNorm}. Leave it out for 1, or use Infinity for none.`);
  const state = options.state ?? startTraining(params, optimizer, trainable === undefined ? {} : { trainable });
  const gradient = valueAndGrad((p: P, batch: B, context: LossContext) => loss(p, batch, context), trainable === undefined ? {} : { trainable });
  const guard: Guard = makeGuard(state.guard, options.guard);
  const leaves = flatten(params);
  try {
    if (state.step >= steps || signal?.aborted) return;
    for await (const group of groups(batches, accumulate)) {
      const started = performance.now();
      const lr = optimizer.lr(state.step);
      const targets = group.reduce((sum, { targetCount }) => sum + targetCount, 0);
      const seedOf = (i: number): number => (seed * 1_000_003 + state.step * 1_009 + i) >>> 0;
      const { total, grads } = accumulated(group, (batch, i) => gradient(params, batch, { denominator: Math.max(1, targets), seed: seedOf(i) }));
      const gradNorm = globalNorm(Object.values(grads));
      const skipped = targets === 0 ? 'no target counts in these batches' : guard.judge(total, gradNorm);
      try {
        if (skipped === undefined) {
          scope(() => optimizer.update({ params: leaves, grads, state: state.optimizer, step: state.step, scale: clipScale(gradNorm, clipNorm) }));
        }
      } finally {
        disposeTree(grads);
      }
      const index = state.step++;
      state.tokens += targets;
      const seconds = (performance.now() - started) / 1000;
      yield {
        index, loss: total, gradNorm, lr, targets, tokens: state.tokens, seconds, tokensPerSecond: targets / seconds,
        ...(skipped === undefined ? {} : { skipped }),
      };
      guard.stopIfHopeless();
      await eventLoopTurn();
      if (state.step >= steps || signal?.aborted) return;
    }
  } finally {
    if (options.state === undefined) disposeTree(state.optimizer);
  }
}

/** The loss and the gradients of all micro-batches of a step, added up. */
function accumulated<B>(group: readonly B[], gradient: (batch: B, index: number) => { value: Tensor; grads: Gradients }): { total: number; grads: Gradients } {
  let total = 0;
  let grads: Gradients = {};
  try {
    group.forEach((batch, i) => {
      const found = scope(() => gradient(batch, i));
      total += found.value.dataSync()[0]!;
      found.value.dispose();
      grads = i === 0 ? found.grads : sumOf(grads, found.grads);
    });
  } catch (error) {
    disposeTree(grads);
    throw error;
  }
  return { total, grads };
}

/** a + b by path; both are used up. */
function sumOf(a: Gradients, b: Gradients): Gradients {
  const total: Gradients = { ...a };
  for (const [path, gradient] of Object.entries(b)) {
    const held = total[path];
    if (held === undefined) {
      total[path] = gradient;
      continue;
    }
    total[path] = keep(scope(() => add(held, gradient)));
    held.dispose();
    gradient.dispose();
  }
  return total;
}

/** Groups of `size`; a last group may be smaller. */
async function* groups<B>(batches: AsyncIterable<B> | Iterable<B>, size: number): AsyncGenerator<B[]> {
  let group: B[] = [];
  for await (const batch of batches) {
    group.push(batch);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
