import { characterAt, CLASS, runEnd, WHITESPACE, whitespaceEnd } from './character-class.ts';
import { makeSplit, type Split } from './split.ts';

/**
 * The split of GPT-2 (and RoBERTa, Phi-2, GPT-J …): contractions, then runs of letters, of numbers or of anything else, each
 * with at most one space in front, then whitespace.
 *
 *   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * @example
 * ```ts
 * import { gpt2Split } from '@llm/tokenizer';
 * const pieces = [...gpt2Split.split("it's 2 late")]; // it · 's · ␣2 · ␣late
 * if (pieces.join('|') !== "it|'s| 2| late") throw new Error('unexpected');
 * ```
 *
 * Radford et al. 2019, Language Models are Unsupervised Multitask Learners.
 */
export const gpt2Split: Split = makeSplit({
  name: 'gpt2',
  regex: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  preTokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  end: gpt2End,
});

function gpt2End(bytes: Uint8Array, start: number, limit: number): number {
  const first = bytes[start]!;
  if (first === 0x27) {
    const contraction = contractionLength(bytes, start, limit);
    if (contraction > 0) return start + contraction;
  }
  let at = start;
  let kind = characterAt(bytes, at, limit) & CLASS;
  if (first === 0x20 && at + 1 < limit) {
    const next = characterAt(bytes, at + 1, limit) & CLASS;
    if (next !== WHITESPACE) {
      at++;
      kind = next;
    }
  }
  return kind === WHITESPACE ? whitespaceEnd(bytes, at, limit) : runEnd(bytes, at, limit, kind);
}

// 's 't 'm 'd are two bytes; 're 've 'll are three. Lower case only.
function contractionLength(bytes: Uint8Array, start: number, limit: number): number {
  if (start + 1 >= limit) return 0;
  const a = bytes[start + 1];
  if (a === 0x73 || a === 0x74 || a === 0x6d || a === 0x64) return 2;
  if (start + 2 >= limit) return 0;
  const b = bytes[start + 2];
  return ((a === 0x72 || a === 0x76) && b === 0x65) || (a === 0x6c && b === 0x6c) ? 3 : 0;
}
