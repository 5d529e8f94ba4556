import type { Document } from '../types.ts';
import type { Step, StepContext } from './step.ts';

/**
 * The documents that come out of a row of steps, one at a time: each step reads what the one before it gives. The ledger of the
 * context counts what goes in and what comes out; steps report to it what they drop.
 *
 * @example
 * ```ts
 * import { createLedger, exactDedup, filter, runSteps, type Step } from '@llm/data-quality';
 * const shout: Step = async function* (documents) {
 *   for await (const document of documents) yield { ...document, text: document.text.toUpperCase() };
 * };
 * const ledger = createLedger();
 * async function* documents() { yield* [{ id: 'a', text: 'x' }, { id: 'b', text: 'x' }]; }
 * for await (const { text } of runSteps(documents(), [filter(exactDedup()), shout], { shard: 0, shards: 1, ledger })) console.assert(text === 'X');
 * console.assert(ledger.toJSON().out.documents === 1);
 * ```
 */
export async function* runSteps(documents: AsyncIterable<Document>, steps: readonly Step[], context: StepContext): AsyncGenerator<Document> {
  const { ledger, signal } = context;
  async function* counted(): AsyncGenerator<Document> {
    for await (const document of documents) {
      signal?.throwIfAborted();
      ledger.sawDocument(document);
      yield document;
    }
  }
  for await (const document of steps.reduce<AsyncIterable<Document>>((stream, step) => step(stream, context), counted())) {
    ledger.keptDocument(document);
    yield document;
  }
}
