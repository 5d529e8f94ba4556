import type { PreTokenizerJson } from './tokenizer-json.ts';

/**
 * A rule that cuts text into the pieces which merges never cross.
 *
 * It is the scanner for one well-known regular expression: one pass, no backtracking, time linear in the text.
 * Scanners work on UTF-8 bytes, so that the encoder never makes a string.
 */
export interface Split {
  /** A name for people, `gpt2`. */
  readonly name: string;
  /** The regular expression, character for character as tokenizer.json files write it. */
  readonly regex: string;
  /** The `pre_tokenizer` of a tokenizer.json that uses this rule. */
  readonly preTokenizer: PreTokenizerJson;
  /** Where the piece that starts at byte `start` ends; `start < limit`, and the answer is in `(start, limit]`. */
  end(bytes: Uint8Array, start: number, limit: number): number;
  /** The pieces of `text`, in order and without gaps. */
  split(text: string | Uint8Array): Generator<string>;
}

/** Makes a {@link Split} of a scanner: adds the generator of pieces. */
export function makeSplit(rule: Omit<Split, 'split'>): Split {
  return {
    ...rule,
    *split(text: string | Uint8Array): Generator<string> {
      const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
      const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
      for (let at = 0; at < bytes.length; ) {
        const end = rule.end(bytes, at, bytes.length);
        yield decoder.decode(bytes.subarray(at, end));
        at = end;
      }
    },
  };
}

/** `Sequence[Split(regex), ByteLevel]`, the way in which every file but GPT-2's names its pattern. */
export function splitThenByteLevel(
  regex: string,
  { removed = false, trimOffsets = true }: { removed?: boolean; trimOffsets?: boolean } = {},
): PreTokenizerJson {
  return {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: regex }, behavior: removed ? 'Removed' : 'Isolated', invert: removed },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: trimOffsets, use_regex: false },
    ],
  };
}
