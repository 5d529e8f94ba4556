import type { EndedBatch } from '../reward-model/scores.ts';

/** A prompt with what may follow it. */
export interface PromptTree {
  readonly prompt: ArrayLike<number>;
  readonly branches: readonly ArrayLike<number>[];
}

/** Rows of tokens, and which of them are the completions whose log-probabilities are asked for. */
export interface CompletionBatch extends EndedBatch {
  readonly completions: number;
  /** The token that is to be predicted, and the place (row · length + column) of the state that predicts it: [tokens] each. */
  readonly targets: Int32Array;
  readonly places: Int32Array;
  /** Which of these tokens make up each completion, and how much each counts (0 where a completion has fewer): [completions, longest] each. */
  readonly members: Int32Array;
  readonly weights: Float32Array;
  readonly longest: number;
  /** How many tokens each completion has: [completions]. */
  readonly tokenCounts: Float32Array;
}

/** Where the tokens of a tree have been put: the columns of its prompt and of each branch, in one row or in several. */
export interface Placed {
  readonly tree: number;
  readonly branch: number;
  /** The place of the first token of the branch, and of the last token of the prompt before it. */
  readonly start: number;
  readonly promptEnd: number;
}

/** Rows as they come from a layout, with the place of every branch of every tree. */
export type Layout = Omit<EndedBatch, 'ends'> & { readonly placed: readonly Placed[] };

/** One completion of a batch: its tokens, and the place of the state that predicts the first and the place of the first itself. */
export interface Span {
  readonly tokens: ArrayLike<number>;
  readonly before: number;
  readonly start: number;
}

/** The batch over a layout whose completions are these spans, in this order. */
export function completionBatch(layout: Layout, spans: readonly Span[]): CompletionBatch {
  const longest = Math.max(1, ...spans.map(({ tokens }) => tokens.length));
  const total = spans.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const targets = new Int32Array(total);
  const places = new Int32Array(total);
  const members = new Int32Array(spans.length * longest);
  const weights = new Float32Array(spans.length * longest);
  const ends = new Int32Array(spans.length);
  let at = 0;
  for (const [completion, { tokens, before, start }] of spans.entries()) {
    for (let i = 0; i < tokens.length; i++) {
      targets[at] = tokens[i]!;
      // The last token of the prompt predicts the first of every branch, wherever that stands.
      places[at] = i === 0 ? before : start + i - 1;
      members[completion * longest + i] = at++;
      weights[completion * longest + i] = 1;
    }
    ends[completion] = start + tokens.length - 1;
  }
  const { placed: _, ...rows } = layout;
  return { ...rows, completions: spans.length, targets, places, members, weights, longest, ends, tokenCounts: Float32Array.from(spans, ({ tokens }) => tokens.length) };
}
