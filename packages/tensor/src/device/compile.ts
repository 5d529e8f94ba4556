import { keep, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { internals } from '../autodiff/engine.ts';
import { scope } from '../autodiff/scope.ts';
import { contentsOf, type Parts, takeApart, withOther } from './arguments.ts';
import { type RecordedPlan, type Recorder, recorderOf } from './recorder.ts';

/** A function whose calls are recorded and replayed. */
export interface Compiled<A extends readonly unknown[], R> {
  (...args: A): R;
  /** How many calls were recorded, how many replayed, and how many ran as they are. */
  readonly counts: { readonly recorded: number; readonly replayed: number; readonly plain: number };
  /** Frees what the recordings hold; later calls record anew. */
  dispose(): void;
}

/** One recording of a function. */
interface Recorded<R> {
  readonly plan: RecordedPlan<unknown>;
  readonly owner: object;
  /** The tensors that it was called with, or, in the places that vary, copies of ours. */
  readonly tensors: readonly Tensor[];
  readonly copied: ReadonlySet<number>;
  /** Which upload takes which array of the arguments. */
  readonly uploads: readonly { readonly write: number; readonly array: number }[];
  /** Arrays that no upload takes as they are: their contents are part of what was recorded. */
  readonly fixed: readonly { readonly array: number; readonly contents: number }[];
  readonly result: R;
  /** The tensors of the result; those in memory of the plan are made anew at each replay. */
  readonly outputs: readonly { readonly tensor: Tensor; readonly memory: unknown }[];
}

/** A function that must be recorded so often in a row is not worth it. */
const MOST_MISSES = 6;
const MOST_PLANS = 8;

/**
 * Makes a function of tensors cheap to call again: on a graphics card its first call records what it dispatches, and later calls
 * with arguments of the same shapes replay that, without JavaScript per operation and without new buffers. On other devices the
 * function is called as it is; with `wasm` it is recorded there too, which is worth it for many small operations. What it allocates
 * then stays reserved, and a function that does more than run our kernels goes on being called as it is.
 *
 * `fn` must depend on its arguments alone: tensors may differ from call to call in their values, typed arrays (which it turns
 * into tensors as they are) in their contents, anything else leads to a recording of its own. What it computes on the host from an
 * array's contents is computed once. It must not read values. The next call writes over the result: to keep it, compute from it
 * (`mul(y, 1)`); a `clone` shares its memory.
 *
 * @example
 * ```ts
 * import { compile, mul, tensor, useDevice } from '@llm/tensor';
 * await useDevice('wasm');
 * const double = compile((values: Float32Array) => mul(tensor(values), 2));
 * const [, two] = await double(Float32Array.of(3, 1)).data();
 * if (two !== 2) throw new Error('wrong product');
 * ```
 */
export function compile<A extends readonly unknown[], R>(fn: (...args: A) => R, { wasm = false }: { readonly wasm?: boolean } = {}): Compiled<A, R> {
  const plans = new Map<string, Recorded<R>>();
  const varying = new Map<string, Set<number>>();
  const counts = { recorded: 0, replayed: 0, plain: 0 };
  let misses = 0;
  const drop = (key: string): void => {
    const recorded = plans.get(key);
    if (recorded === undefined) return;
    plans.delete(key);
    recorded.plan.dispose();
    for (const place of recorded.copied) recorded.tensors[place]!.dispose();
  };
  const call = (...args: A): R => {
    const recorder = recorderOf({ wasm });
    if (recorder === undefined || misses > MOST_MISSES) {
      counts.plain++;
      return scope(() => fn(...args));
    }
    const parts = takeApart(args);
    const known = plans.get(parts.key);
    if (known !== undefined) {
      const moved = parts.tensors.flatMap((tensor, place) => (known.copied.has(place) || tensor.dataId === known.tensors[place]!.dataId ? [] : [place]));
      if (moved.length === 0 && fits(known, parts, recorder)) {
        counts.replayed++;
        misses = 0;
        return replay(known, parts, recorder);
      }
      varying.set(parts.key, new Set([...varying.get(parts.key) ?? [], ...moved]));
    }
    drop(parts.key);
    if (plans.size >= MOST_PLANS) drop(plans.keys().next().value!);
    misses++;
    const made = record(fn, args, { parts, copied: varying.get(parts.key) ?? new Set(), recorder });
    if (!('plan' in made)) {
      misses = MOST_MISSES + 1;
      counts.plain++;
      return made.result;
    }
    counts.recorded++;
    plans.set(parts.key, made);
    return made.result;
  };
  return Object.assign(call, {
    counts,
    dispose: () => { for (const key of [...plans.keys()]) drop(key); },
  });
}

/** Whether a recording still holds for these arguments. */
function fits<R>({ owner, plan, fixed }: Recorded<R>, { arrays }: Parts, current: Recorder): boolean {
  return owner === current.owner && plan.valid() && fixed.every(({ array, contents }) => contentsOf(arrays[array]!) === contents);
}

/** Runs `fn` and keeps what it takes to replay it; only the result where that cannot be done. */
function record<A extends readonly unknown[], R>(
  fn: (...args: A) => R, args: A, { parts, copied, recorder }: { parts: Parts; copied: ReadonlySet<number>; recorder: Recorder },
): Recorded<R> | { readonly result: R } {
  const tensors = parts.tensors.map((tensor, place) => {
    if (!copied.has(place)) return tensor;
    const copy = keep(zeros(tensor.shape, tensor.dtype as 'float32'));
    recorder.refresh(copy, tensor);
    return copy;
  });
  for (const tensor of tensors) recorder.memoryOf(tensor);
  const { result, plan } = recorder.record(() => {
    const made = scope(() => fn(...withOther(args, tensors)));
    // A result that came from the host must be on the card like any other.
    for (const tensor of takeApart(made).tensors) recorder.memoryOf(tensor);
    return made;
  });
  if (plan === undefined) {
    for (const place of copied) tensors[place]!.dispose();
    return { result };
  }
  const uploads = plan.writes.flatMap(({ source }, write) => {
    const array = parts.arrays.findIndex((each) => each === source || (each.buffer === source.buffer && each.byteOffset === source.byteOffset && each.byteLength === source.byteLength));
    return array < 0 ? [] : [{ write, array }];
  });
  const fixed = parts.arrays.flatMap((each, array) => (uploads.some((upload) => upload.array === array) ? [] : [{ array, contents: contentsOf(each) }]));
  const outputs = takeApart(result).tensors.map((tensor) => {
    const memory = recorder.memoryOf(tensor);
    return { tensor, memory: plan.owns(memory) ? memory : undefined };
  });
  plan.keep(outputs.flatMap(({ memory }) => memory ?? []));
  return { plan, owner: recorder.owner, tensors, copied, uploads, fixed, result, outputs };
}

function replay<R>({ plan, tensors, copied, uploads, result, outputs }: Recorded<R>, { tensors: given, arrays }: Parts, recorder: Recorder): R {
  for (const place of copied) recorder.refresh(tensors[place]!, given[place]!);
  for (const { write, array } of uploads) recorder.write(plan.writes[write]!.memory, arrays[array]!);
  plan.replay();
  return withOther(result, outputs.map(({ tensor, memory }) => (
    memory === undefined ? tensor : internals().makeTensorFromTensorInfo(recorder.adopt(plan, memory, tensor))
  )));
}
