/** What a `tokenizer.json` with BPE has that pruning needs; the rest stays as it is. */
interface BpeJson {
  readonly added_tokens?: readonly { readonly id: number; readonly content: string }[];
  readonly model: { readonly type: string; readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly (string | readonly [string, string])[] };
}

export interface PrunedTokenizer {
  /** A `tokenizer.json` that writes with the tokens that stay. */
  readonly json: Record<string, unknown>;
  /** Ids of the old tokenizer in the order of the new ones, for `pruneVocabulary`. */
  readonly keep: readonly number[];
}

/**
 * A BPE tokenizer with its most used tokens alone: what one that is left out spelled is spelled by those that it was merged of, which stay
 * with whatever stays. Single letters and special tokens always stay, so every text can be written.
 *
 * `counts` has how often each id was used, as on a sample of the texts to come; `size` is the number of tokens to keep.
 *
 * @throws TypeError for a tokenizer that is not BPE, or whose post-processor names ids; RangeError for a size below that of letters and special tokens.
 *
 * @example
 * ```ts
 * import { pruneTokenizer } from '@llm/distill';
 * const json = { added_tokens: [], model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2, ba: 3 }, merges: [['a', 'b'], ['b', 'a']] } };
 * const { keep } = pruneTokenizer(json, { counts: [1, 1, 0, 5], size: 3 });
 * if (keep.join() !== '0,1,3') throw new Error('ab was never used');
 * ```
 */
export function pruneTokenizer(json: unknown, { counts, size }: { readonly counts: ArrayLike<number>; readonly size: number }): PrunedTokenizer {
  const { model, added_tokens: added = [] } = json as BpeJson;
  if (model?.type !== 'BPE') throw new TypeError(`pruneTokenizer: expected a tokenizer.json with BPE but found ${String((json as { model?: { type?: unknown } }).model?.type)}. Train a smaller tokenizer, and distil between vocabularies (gold).`);
  if (JSON.stringify((json as { post_processor?: unknown }).post_processor ?? null).includes('"ids"')) throw new TypeError('pruneTokenizer: expected a post-processor that names no ids but found one that does. Take the template out, and put special tokens in by the chat template.');
  const parts = new Map(model.merges.map((merge) => {
    const [left, right] = typeof merge === 'string' ? merge.split(' ') as [string, string] : merge;
    return [left + right, [left, right] as const];
  }));
  const special = new Set(added.map(({ content }) => content));
  const kept = new Set<string>();
  const keepWhole = (token: string): string[] => {
    const missing: string[] = [];
    const walk = (each: string): void => {
      if (kept.has(each) || missing.includes(each)) return;
      for (const part of parts.get(each) ?? []) walk(part);
      missing.push(each);
    };
    walk(token);
    return missing;
  };
  for (const token of Object.keys(model.vocab)) if (!parts.has(token) || special.has(token)) kept.add(token);
  for (const token of special) kept.add(token);
  if (kept.size > size) throw new RangeError(`pruneTokenizer: expected a size of ${kept.size}, the letters and special tokens, or more but found ${size}.`);
  const byUse = Object.entries(model.vocab).toSorted(([, a], [, b]) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b);
  for (const [token] of byUse) {
    const missing = keepWhole(token);
    // What takes too much room is left for one that takes less.
    if (kept.size + missing.length <= size) for (const each of missing) kept.add(each);
  }
  const idOf = new Map([...Object.entries(model.vocab), ...added.map(({ content, id }) => [content, id] as const)]);
  const order = [...kept].toSorted((a, b) => idOf.get(a)! - idOf.get(b)!);
  const renamed = new Map(order.map((token, i) => [token, i]));
  return {
    keep: order.map((token) => idOf.get(token)!),
    json: {
      ...json as Record<string, unknown>, added_tokens: added.map((token) => ({ ...token, id: renamed.get(token.content)! })),
      model: {
        ...model, vocab: Object.fromEntries(order.filter((token) => token in model.vocab).map((token) => [token, renamed.get(token)!])),
        merges: model.merges.filter((merge) => { const [left, right] = typeof merge === 'string' ? merge.split(' ') as [string, string] : merge; return kept.has(left + right) && kept.has(left) && kept.has(right); }),
      },
    },
  };
}
