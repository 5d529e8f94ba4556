import type { TokenizerJson } from './tokenizer-json.ts';

export interface EncodeOptions {
  /**
   * Turn the text of special tokens (`<|endoftext|>`) into their ids. Off by default, so that a text from a user never
   * becomes a control token. Hugging Face's `encode` does it always. Added tokens that the file does not mark as special
   * (Qwen's `<tool_call>`) are ordinary vocabulary to both, and are always found.
   *
   * A function decides for each special token found at `[from, to)`, in UTF-16 units, so that a template's own tokens count and
   * the same characters in a message do not.
   */
  readonly allowSpecial?: boolean | ((from: number, to: number) => boolean);
  /** Put the special tokens of the file's template around the ids (`<|begin_of_text|>` for Llama 3). Off by default. */
  readonly addSpecialTokens?: boolean;
  /** Only the first so many ids of the text; what lies behind them is not looked at, up to the end of a piece. All by default. */
  readonly maxTokens?: number;
}

export interface OffsetOptions extends EncodeOptions {
  /** What offsets count: UTF-16 units, as JavaScript does (the default), or code points, as Python does. */
  readonly unit?: 'utf16' | 'codePoint';
  /** Leave the spaces at either end of a token out of its span. Default: as the file's ByteLevel post-processor says. */
  readonly trimOffsets?: boolean;
}

/** Ids, and where in the text they come from. */
export interface TokenOffsets {
  readonly ids: Uint32Array;
  /** The span of each id, [2 · ids.length]: from, to, from, to, … Special tokens of the file's template have 0, 0. */
  readonly offsets: Uint32Array;
}

export interface DecodeOptions {
  /** Leave special tokens out of the text. */
  readonly skipSpecial?: boolean;
}

/** Turns ids into text one at a time. */
export interface StreamDecoder {
  /** The text that `id` completes: empty while a character still lacks bytes. */
  push(id: number): string;
  /** U+FFFD for a character that was never completed, otherwise empty; the decoder is then ready for another text. */
  end(): string;
}

/** Text to ids and back. */
export interface Tokenizer {
  /** The number of ids, special tokens included: ids are 0 … size − 1. */
  readonly size: number;
  /** The special tokens and their ids. */
  readonly specialTokens: ReadonlyMap<string, number>;
  /** The ids of `text`. Lone surrogates count as U+FFFD, as they do in UTF-8. */
  encode(text: string, options?: EncodeOptions): Uint32Array;
  /**
   * The ids of `text`, as `encode` gives them, and the characters that each covers, as Hugging Face `tokenizers` counts them.
   * Where a character is several tokens, each has the span of the whole character; a character that normalization made of
   * several has the span of the first.
   */
  encodeWithOffsets(text: string, options?: OffsetOptions): TokenOffsets;
  /** The text of `ids`; bytes that are no UTF-8 become U+FFFD. RangeError for an id outside 0 … size − 1, TypeError for what are no ids. */
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
  /** The bytes that `id` adds to a text: none for a special token. */
  idToBytes(id: number): Uint8Array;
  /** The id of a token written as in the file (`Ġthe` for ` the`). */
  tokenToId(token: string): number | undefined;
  /** The token of an id, written as in the file. */
  idToToken(id: number): string | undefined;
  /** A decoder for ids that arrive one by one; it never splits a character. */
  streamDecoder(options?: DecodeOptions): StreamDecoder;
  /** The tokenizer.json object that Hugging Face `tokenizers` loads. */
  toJSON(): TokenizerJson;
}
