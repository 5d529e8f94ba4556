const WORDS = /[\p{L}\p{M}\p{N}]+(?:['’]\p{L}+)?/gu;
const INVISIBLE = /[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]/gu;
const PIECE = 4;

/** A 32-bit FNV-1a hash of the UTF-16 units. http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/**
 * What a text is like, as bucket numbers: its words, pairs of neighbours and of those with one between them, and pieces of four letters, so that a word that was misspelt on purpose still
 * looks like itself. Each counts once. Case, width and invisible characters make no difference.
 *
 * @param buckets How many there are; different features may share one.
 *
 * @example
 * ```ts
 * import { hashedFeatures } from '@llm/safety';
 * const [plain, disguised] = ['kill it', 'KI\u200bLL it'].map((text) => [...hashedFeatures(text, { buckets: 1024 })].join());
 * if (plain !== disguised) throw new Error('the same features');
 * ```
 *
 * Weinberger et al. 2009, https://arxiv.org/abs/0902.2206
 */
export function hashedFeatures(text: string, { buckets }: { readonly buckets: number }): Int32Array {
  const words = text.normalize('NFKC').replace(INVISIBLE, '').toLowerCase().replaceAll('’', "'").match(WORDS) ?? [];
  const found = new Set<number>();
  const add = (kind: string, feature: string): void => { found.add(hash(kind + feature) % buckets); };
  for (const [i, word] of words.entries()) {
    add('w', word);
    if (i > 0) add('p', `${words[i - 1]} ${word}`);
    if (i > 1) add('s', `${words[i - 2]} ${word}`);
    const marked = `<${word}>`;
    for (let at = 0; at + PIECE <= marked.length; at++) add('c', marked.slice(at, at + PIECE));
  }
  return Int32Array.from(found);
}
