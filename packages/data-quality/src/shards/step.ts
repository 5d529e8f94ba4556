import type { Ledger } from '../ledger.ts';
import type { ShardBytes } from '../minhash/shard-bytes.ts';
import type { Document, Filter, Rule } from '../types.ts';

/** Where a step runs. */
export interface StepContext {
  /** Number of the part of the data, from 0. */
  readonly shard: number;
  readonly shards: number;
  /** What a step drops, it reports here. */
  readonly ledger: Ledger;
  readonly signal?: AbortSignal | undefined;
}

/** One step of a pipeline over the documents of one shard. */
export type Step = (documents: AsyncIterable<Document>, context: StepContext) => AsyncIterable<Document>;

/** A step that is a filter, so that what it measures can be seen. */
export interface FilterStep extends Step {
  readonly filter: Filter;
}

/** Which documents of a shard go, and how large the groups are: entry i is document i. */
export interface ShardDuplicates {
  readonly removed: Uint8Array;
  readonly sizes: Uint32Array;
}

/**
 * A step that has to have seen the documents of all shards before it lets the first one through. Each shard makes a summary of its
 * documents; when all are there, one task decides over all summaries, in the order of the shards; then each shard goes on.
 */
export interface AcrossShards {
  /** As a filter is called in ledgers and decisions. */
  readonly name: string;
  readonly rule: Rule;
  /** What else decides, as JSON: another value is another pipeline. */
  readonly settings: unknown;
  /** For one shard. */
  summarize(): { add(document: Document): void; encode(): Uint8Array };
  decide(shards: readonly ShardBytes[]): Promise<readonly ShardDuplicates[]>;
  /** What the ledger says was measured of a document that goes, of the size of its group. */
  measured(size: number): number;
}

/** Steps in the order in which documents pass them. */
export type Recipe = readonly (Step | FilterStep | AcrossShards)[];

/** Whether a step needs all shards. */
export function isAcross(step: Recipe[number]): step is AcrossShards {
  return typeof step !== 'function';
}

/** Whether a step is a filter. */
export function isFilterStep(step: Recipe[number]): step is FilterStep {
  return typeof step === 'function' && 'filter' in step;
}

/**
 * A filter as a step: documents that it keeps go on, those that it drops go into the ledger of the context.
 *
 * @example
 * ```ts
 * import { createLedger, filter, gopherQuality } from '@llm/data-quality';
 * const ledger = createLedger();
 * async function* one() { yield { id: 'a', text: 'too short' }; }
 * for await (const _ of filter(gopherQuality())(one(), { shard: 0, shards: 1, ledger }));
 * console.assert(ledger.toJSON().dropped[0]?.reason === 'gopher_short_doc');
 * ```
 */
export function filter(of: Filter): FilterStep {
  const step: Step = async function* (documents, { ledger, signal }) {
    for await (const document of documents) {
      signal?.throwIfAborted();
      const verdict = of.check(document);
      if (verdict.keep) yield verdict.document ?? document;
      else ledger.droppedDocument(document, { filter: of.name, verdict });
    }
  };
  return Object.assign(step, { filter: of });
}
