import type { TokenizerJson } from './tokenizer-json.ts';

export interface EncodeOptions {
  /**
   * Turn the text of special tokens (`<|endoftext|>`) into their ids. Off by default, so that a text from a user never
   * becomes a control token. Hugging Face's `encode` does it always. Added tokens that the file does not mark as special
   * (Qwen's `<tool_call>`) are ordinary vocabulary to both, and are always found.
   */
  readonly allowSpecial?: boolean;
  /** Put the special tokens of the file's template around the ids (`<|begin_of_text|>` for Llama 3). Off by default. */
  readonly addSpecialTokens?: boolean;
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
  /** The text of `ids`; bytes that are no UTF-8 become U+FFFD. RangeError for an id outside 0 … size − 1. */
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
