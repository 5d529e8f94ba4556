import { deviceInUse, disposeTree, flatten, mul, type Precision, scope, type Tensor, type Tree, valueAndGrad, withPrecision } from '@llm/tensor';
import { eventLoopTurn } from './event-loop-turn.ts';
import { guard as makeGuard, type GuardOptions } from './guard.ts';
import { type LossScaleOptions, lossScaler, startLossScale } from './loss-scale.ts';
import type { Optimizer } from './optimizer.ts';
import { batchSeed } from './step/batch-seed.ts';
import { type DeviceStep, deviceStep } from './step/device-step.ts';
import { plainStep } from './step/plain-step.ts';
import { recovering } from './step/recovering.ts';
import type { Counted, LossContext, TrainingState } from './training-state.ts';
import { type Outcome, type StepRequest, type StepSetting, verdict } from './step/step-setting.ts';

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
  /** What the factors of matrix products are rounded to, where the device has it; parameters stay float32. 'f16' scales the loss. Default 'f32'. */
  readonly precision?: Precision;
  /** How the loss is scaled; default: as PyTorch does with 'f16', not at all with 'f32'. */
  readonly lossScale?: LossScaleOptions;
  /**
   * Records the step once and replays it, on a graphics card (elsewhere nothing changes); default false. The loss must then be a
   * function of parameters, batch and context as `compile` demands, and the optimizer be adamw, lion or muon.
   */
  readonly compile?: boolean;
  /**
   * On a graphics card with such an optimizer, losses are read once in so many steps, which are then yielded one after the other: parameters and
   * state are meanwhile those after the last of them. Default 1.
   */
  readonly readEvery?: number;
  /** On a graphics card, parameters and state are copied to the host once in so many steps, to go on from when the card is lost; default 100. */
  readonly snapshotEvery?: number;
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
  const { params, loss, batches, optimizer, steps = Infinity, accumulate = 1, clipNorm = 1, trainable, seed = 0, signal, readEvery = 1, snapshotEvery = 100, precision = 'f32', compile = false } = options;
  if (!Number.isInteger(accumulate) || accumulate < 1) throw new RangeError(`train: expected accumulate to be a whole number from 1 on but found ${accumulate}`);
  for (const [name, value] of Object.entries({ readEvery, snapshotEvery })) {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`train: expected ${name} to be a whole number from 1 on but found ${value}`);
  }
  if (steps !== Infinity && (!Number.isSafeInteger(steps) || steps < 1)) throw new RangeError(`train: expected steps to be a whole number from 1 on but found ${steps}. Leave it out to stop when the batches end.`);
  if (!(clipNorm > 0)) throw new RangeError(`train: expected clipNorm > 0 but found ${clipNorm}. Leave it out for 1, or use Infinity for none.`);
  const state = options.state ?? startTraining(params, optimizer, trainable === undefined ? {} : { trainable });
  if (options.lossScale !== undefined || precision === 'f16') state.lossScale ??= startLossScale(options.lossScale);
  const gradient = valueAndGrad((p: P, batch: B, context: LossContext, scale: Tensor | number) => {
    const value = loss(p, batch, context);
    return { value, loss: scale === 1 ? value : mul(value, scale) };
  }, trainable === undefined ? {} : { trainable });
  const guard = makeGuard(state.guard, options.guard);
  const setting: StepSetting<B> = {
    optimizer, state, clipNorm, guard, leaves: flatten(params),
    scaler: state.lossScale === undefined ? undefined : lossScaler(state.lossScale, options.lossScale),
    gradient: (batch, context, scale = 1) => {
      const { value: { value }, grads } = withPrecision(precision, () => gradient(params, batch, context, scale));
      return { value, grads };
    },
    seedOf: (step, index) => batchSeed(seed, { step, index }),
  };
  if (compile && optimizer.rates === undefined) throw new TypeError(`train: expected an optimizer that can be compiled but found ${optimizer.name}. Leave out compile, or use adamw, lion or muon.`);
  // A spike is judged before the update, so that the host must look in between.
  const onDevice = deviceInUse() === 'webgpu' && optimizer.rates !== undefined && (options.guard?.spikeZ ?? Infinity) === Infinity
    ? deviceStep(setting, { record: compile }) : undefined;
  const round = recovering((requests: readonly StepRequest<B>[]) => runRound(requests, { setting, onDevice }), {
    tensors: [...new Set([...Object.values(setting.leaves), ...Object.values(state.optimizer)])], state, everyRounds: Math.ceil(snapshotEvery / readEvery),
  });
  const size = onDevice === undefined ? 1 : readEvery;
  try {
    if (state.step >= steps || signal?.aborted) return;
    for await (const some of groups(groups(batches, accumulate), size, steps - state.step)) {
      const started = performance.now();
      const requests = some.map((group, i) => ({ group, step: state.step + i, targets: group.reduce((sum, { targetCount }) => sum + targetCount, 0) }));
      const lrs = requests.map(({ step }) => optimizer.lr(step));
      const before = state.tokens;
      const outcomes = await round(requests);
      state.step += requests.length;
      for (const { targets } of requests) state.tokens += targets;
      const seconds = (performance.now() - started) / 1000 / requests.length;
      let tokens = before;
      for (const [i, { loss, gradNorm, skipped }] of outcomes.entries()) {
        const { step: index, targets } = requests[i]!;
        tokens += targets;
        yield { index, loss, gradNorm, lr: lrs[i]!, targets, tokens, seconds, tokensPerSecond: targets / seconds, ...(skipped === undefined ? {} : { skipped }) };
      }
      guard.stopIfHopeless();
      await eventLoopTurn();
      if (state.step >= steps || signal?.aborted) return;
    }
  } finally {
    onDevice?.dispose();
    if (options.state === undefined) disposeTree(state.optimizer);
  }
}

/** Runs some steps, one after the other, and then looks at what they found. */
async function runRound<B extends Counted>(
  requests: readonly StepRequest<B>[], { setting, onDevice }: { setting: StepSetting<B>; onDevice: DeviceStep<B> | undefined },
): Promise<Outcome[]> {
  const found: (Outcome | Tensor)[] = [];
  try {
    for (const request of requests) found.push(onDevice === undefined || request.targets === 0 ? await plainStep(setting, request) : onDevice(request));
    const outcomes: Outcome[] = [];
    for (const each of found) {
      if (!('dataId' in each)) {
        outcomes.push(each);
        continue;
      }
      const [loss = NaN, gradNorm = NaN] = await each.data();
      outcomes.push({ loss, gradNorm, skipped: verdict(setting, loss, gradNorm) });
    }
    return outcomes;
  } finally {
    for (const each of found) if ('dataId' in each) each.dispose();
  }
}

/** Groups of `size`, of no more than `most` items in all; a last group may be smaller. */
async function* groups<B>(batches: AsyncIterable<B> | Iterable<B>, size: number, most: number = Infinity): AsyncGenerator<B[]> {
  let group: B[] = [];
  let taken = 0;
  for await (const batch of batches) {
    group.push(batch);
    taken++;
    if (group.length < size && taken < most) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
