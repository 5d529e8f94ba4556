import type { Tokenizer } from '@llm/tokenizer';

/** How many bytes of text each id spells: 0 for special tokens. */
export function tokenBytes(tokenizer: Tokenizer): Uint32Array {
  const special = new Set(tokenizer.specialTokens.values());
  return Uint32Array.from({ length: tokenizer.size }, (_, id) => (special.has(id) ? 0 : tokenizer.idToBytes(id).length));
}
