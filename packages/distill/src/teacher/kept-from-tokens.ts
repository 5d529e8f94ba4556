import { TeacherError } from './teacher-error.ts';
import type { NamedToken, TaughtToken } from './endpoint-teacher.ts';
import type { KeptRows } from './kept-rows.ts';

export interface KeptFromTokensOptions {
  /** The student's id of a token that the teacher named, or undefined where it has none. */
  readonly idOf: (token: NamedToken) => number | undefined;
  /** Of the student: as many ids as are needed fill up rows with too few tokens. */
  readonly vocabSize: number;
  /** Tokens of each place; default as many as the place with the most. */
  readonly k?: number;
}

/**
 * Rows for `keptTeacher` from what an endpoint told: the probability of tokens that the student has not, and of all that were not named, is
 * the rest. `ids` are the student's of what was written.
 *
 * @throws TeacherError `other-tokens` where the student has no token for one that was written: the tokenizers differ (see `alignTokens`).
 *
 * @example
 * ```ts
 * import { keptFromTokens } from '@llm/distill';
 * const token = (token: string, p: number) => ({ token, logprob: Math.log(p) });
 * const { ids, kept } = keptFromTokens([{ ...token('a', 0.5), top: [token('a', 0.5), token('?', 0.25)] }], { idOf: ({ token }) => (token === 'a' ? 7 : undefined), vocabSize: 16 });
 * if (ids[0] !== 7 || kept.k !== 1 || Math.abs(kept.probs[1]! - 0.5) > 1e-6) throw new Error('a half, and the rest');
 * ```
 */
export function keptFromTokens(tokens: readonly TaughtToken[], { idOf, vocabSize, k: asked }: KeptFromTokensOptions): { readonly ids: Int32Array; readonly kept: KeptRows } {
  const ids = Int32Array.from(tokens, (token) => {
    const id = idOf(token);
    if (id === undefined) throw new TeacherError(`keptFromTokens: expected tokens of the student but found ${JSON.stringify(token.token)}. Give a student with the teacher's tokenizer, or train on its texts.`, { code: 'other-tokens' });
    return id;
  });
  const rows = tokens.map(({ top }) => {
    const known = new Map<number, number>();
    for (const token of top) {
      const id = idOf(token);
      if (id !== undefined && !known.has(id)) known.set(id, Math.exp(token.logprob));
    }
    return [...known].toSorted(([, a], [, b]) => b - a);
  });
  const k = asked ?? Math.max(1, ...rows.map(({ length }) => length));
  const kept: KeptRows = { count: rows.length, k, temperature: 1, ids: new Int32Array(rows.length * k), probs: new Float32Array(rows.length * (k + 1)) };
  rows.forEach((row, at) => {
    const some = row.slice(0, k);
    const taken = new Set(some.map(([id]) => id));
    // Tokens that nobody named fill the row up, with no probability of their own.
    for (let id = 0; some.length < k && id < vocabSize; id++) if (!taken.has(id)) some.push([id, 0]);
    const sum = Math.min(1, some.reduce((total, [, p]) => total + p, 0));
    some.forEach(([id, p], i) => {
      kept.ids[at * k + i] = id;
      kept.probs[at * (k + 1) + i] = p;
    });
    kept.probs[at * (k + 1) + k] = 1 - sum;
  });
  return { ids, kept };
}
