import { generate, greedy, type Model } from '@llm/model';
import { flatten, memory, type Tree } from '@llm/tensor';

/** A distribution of times, in milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly mean: number;
}

/** How fast a model generates, and what it takes. */
export interface GenerationSpeed {
  /** From the start of a run to its first tokens. */
  readonly firstTokenMs: Percentiles;
  /** Between one step and the next, each of which gives a token to every row. */
  readonly perTokenMs: Percentiles;
  /** Tokens of all rows per second, after the first. */
  readonly tokensPerSecond: number;
  /** Tokens of prompts per second. */
  readonly promptTokensPerSecond: number;
  /** Bytes of the parameters as they lie in memory: weights in few bits count as few. */
  readonly weightBytes: number;
  /** The most that the device had in use, weights included, since it was opened. */
  readonly peakBytes: number;
  readonly runs: number;
  readonly rows: number;
}

export interface MeasureGenerationOptions {
  /** Ids of prompts, all continued at once. */
  readonly prompts: readonly ArrayLike<number>[];
  /** Tokens of each run; default 64. */
  readonly maxTokens?: number;
  /** Runs that count; default 5. */
  readonly runs?: number;
  /** Runs before them, in which programs are compiled and memory grows; default 1. */
  readonly warmup?: number;
  /** Milliseconds; default the clock of the platform. */
  readonly now?: () => number;
}

/** The value at each percentile by linear interpolation between the nearest ranks, as numpy has it. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => {
    const place = part * (sorted.length - 1);
    const low = Math.floor(place);
    const high = Math.min(sorted.length - 1, low + 1);
    return sorted[low]! + (sorted[high]! - sorted[low]!) * (place - low);
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), mean: values.reduce((sum, value) => sum + value, 0) / values.length };
}

/**
 * Measures greedy generation: time to the first token, time per token, tokens per second, bytes of weights and peak memory. End tokens
 * do not end a run, so that all have the same length.
 *
 * @throws RangeError for no prompt, no run, or fewer than two tokens, between which nothing could be measured.
 *
 * @example
 * ```ts
 * import { measureGeneration } from '@llm/eval';
 * import { createModel } from '@llm/model';
 * import { disposeTree, useDevice } from '@llm/tensor';
 * await useDevice();
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 32, n_embd: 8, n_head: 2, n_layer: 1 });
 * const params = model.init(0);
 * const { firstTokenMs, tokensPerSecond } = await measureGeneration(model, params, { prompts: [[1, 2, 3]], maxTokens: 8, runs: 2 });
 * if (!(firstTokenMs.p50 > 0 && tokensPerSecond > 0)) throw new Error('some time passed');
 * disposeTree(params);
 * ```
 */
export async function measureGeneration(model: Model, params: Tree, options: MeasureGenerationOptions): Promise<GenerationSpeed> {
  const { prompts, maxTokens = 64, runs = 5, warmup = 1, now = () => performance.now() } = options;
  if (prompts.length === 0 || runs < 1 || maxTokens < 2) throw new RangeError(`measureGeneration: expected a prompt, a run and 2 tokens or more but found ${prompts.length}, ${runs} and ${maxTokens}.`);
  const first: number[] = [];
  const between: number[] = [];
  for (let run = 0; run < warmup + runs; run++) {
    const begin = now();
    let last = begin;
    let step = 0;
    for await (const { row } of generate(model, params, prompts, { maxTokens, eosIds: [], sampler: greedy })) {
      // The rows of a step come together: the first of them tells when.
      if (row !== 0) continue;
      const time = now();
      if (run >= warmup) (step === 0 ? first : between).push(time - last);
      last = time;
      step++;
    }
  }
  const firstTokenMs = percentiles(first);
  const perTokenMs = percentiles(between);
  const promptTokens = prompts.reduce((sum, { length }) => sum + length, 0);
  return {
    firstTokenMs, perTokenMs, tokensPerSecond: (1000 * prompts.length) / perTokenMs.mean, promptTokensPerSecond: (1000 * promptTokens) / firstTokenMs.mean,
    weightBytes: weightBytes(params), peakBytes: memory().peakBytes, runs, rows: prompts.length,
  };
}

/** Bytes of all tensors of a tree, those inside weights as they are stored, which is in words of four bytes; shared ones once. */
function weightBytes(params: Tree): number {
  const tensors = new Map(Object.values(flatten(params)).map((tensor) => [tensor.dataId, tensor.size]));
  return [...tensors.values()].reduce((sum, size) => sum + 4 * size, 0);
}
