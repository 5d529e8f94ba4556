import type { Doc } from '../tasks/doc.ts';

/** What a request was answered, as often as it was repeated; filters make texts, lists or numbers of it. */
export type Responses = readonly unknown[];

/** Turns what all requests of a task were answered into something else, in the same order. */
export type Filter = (responses: readonly Responses[], docs: readonly Doc[]) => readonly unknown[];

/** A filter that treats each response of each request by itself. */
export function eachResponse(change: (response: unknown) => unknown): Filter {
  return (all) => all.map((responses) => responses.map(change));
}
