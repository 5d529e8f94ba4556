import type { GeneratedPiece } from './guarded.ts';

/** A token as `generate` yields it. */
export interface GenerationToken {
  readonly row: number;
  readonly id: number;
  readonly logprob?: number;
  readonly done?: true;
}

/**
 * The tokens of one row of a generation as pieces of text, as `guarded` takes them. With `generate(…, { logprobs: true })` they bring what anomalies are seen by.
 *
 * @param decoder Of the row, such as `tokenizer.streamDecoder()`.
 *
 * @example
 * ```ts
 * import { piecesOf } from '@llm/safety';
 * async function* tokens() {
 *   yield { row: 0, id: 72 };
 *   yield { row: 1, id: 63 };
 *   yield { row: 0, id: 105, done: true as const };
 * }
 * const decoder = { push: (id: number) => String.fromCharCode(id), end: () => '!' };
 * let text = '';
 * for await (const piece of piecesOf(tokens(), { decoder })) text += piece.text;
 * if (text !== 'Hi!') throw new Error(text);
 * ```
 */
export async function* piecesOf(
  tokens: AsyncIterable<GenerationToken>, { decoder, row = 0 }: { readonly decoder: { push(id: number): string; end(): string }; readonly row?: number },
): AsyncGenerator<GeneratedPiece, void, undefined> {
  for await (const token of tokens) {
    if (token.row !== row) continue;
    const { id, logprob, done } = token;
    yield { id, text: decoder.push(id) + (done ? decoder.end() : ''), ...(logprob === undefined ? {} : { logprob }) };
    if (done) return;
  }
}
