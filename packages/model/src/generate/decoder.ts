import type { Tensor, Tree } from '@llm/tensor';
import type { KvCache } from '../layers/kv-cache.ts';
import type { Model } from '../model.ts';
import type { Sampler } from './sampler.ts';

/** A sequence that is continued. */
export interface Row {
  /** Which prompt it continues, and how many ids that had. */
  readonly row: number;
  readonly prompt: number;
  readonly history: number[];
  /** The next number of the row's own stream, in [0, 1). */
  readonly uniform: () => number;
  ended: boolean;
}

/** A token, and its log-probability where that is asked for. */
interface Drawn {
  readonly id: number;
  readonly logprob: number | undefined;
}

/** Draws a row's next token; called once. */
export type Draw = () => Drawn;

/** Turns the last tokens of rows into their next ones. */
export interface Decoder {
  /** From logits [rows, vocabulary], which it frees. */
  draw(logits: Tensor, rows: readonly Row[]): Promise<readonly Draw[]>;
  /** Runs the last token of every row of the cache. */
  step(cache: KvCache, rows: readonly Row[]): Promise<readonly Draw[]>;
  /** Runs the tokens of the step before although nobody has read them yet; undefined where that cannot be done. */
  ahead(cache: KvCache, rows: readonly Row[]): Promise<readonly Draw[]> | undefined;
  dispose(): void;
}

export interface DecoderOptions {
  readonly model: Model;
  readonly params: Tree;
  readonly sampler: Sampler;
  /** The temperature under which log-probabilities are told; undefined where nobody asks for them. */
  readonly logprobs: number | undefined;
}
