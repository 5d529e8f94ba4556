/** An entry of `added_tokens`. */
export interface AddedTokenJson {
  id: number;
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}

/** The byte-level component, which files use as pre-tokenizer, post-processor and decoder. */
export interface ByteLevelJson {
  type: 'ByteLevel';
  add_prefix_space: boolean;
  trim_offsets: boolean;
  use_regex: boolean;
}

/** A pre-tokenizer that cuts at a regular expression. */
export interface SplitJson {
  type: 'Split';
  pattern: { Regex: string };
  behavior: 'Isolated' | 'Removed';
  invert: boolean;
}

export type PreTokenizerJson = ByteLevelJson | { type: 'Sequence'; pretokenizers: [SplitJson, ByteLevelJson] };

export type NormalizerJson = { type: 'NFC' } | { type: 'Sequence'; normalizers: { type: 'NFC' }[] };

/** A part of a template: the text's own ids, or those of a special token. */
export type TemplatePieceJson =
  | { SpecialToken: { id: string; type_id: number } }
  | { Sequence: { id: 'A' | 'B'; type_id: number } };

/** The post-processor that puts special tokens around a text. */
export interface TemplateJson {
  type: 'TemplateProcessing';
  single: TemplatePieceJson[];
  pair: TemplatePieceJson[];
  special_tokens: Record<string, { id: string; ids: number[]; tokens: string[] }>;
}

export type PostProcessorJson =
  | ByteLevelJson
  | TemplateJson
  | { type: 'Sequence'; processors: (ByteLevelJson | TemplateJson)[] };

/** The BPE model: token → id, and the merges from the most to the least important. */
export interface BpeModelJson {
  type: 'BPE';
  dropout: null;
  unk_token: string | null;
  continuing_subword_prefix: string | null;
  end_of_word_suffix: string | null;
  fuse_unk: boolean;
  byte_fallback: boolean;
  ignore_merges: boolean;
  vocab: Record<string, number>;
  merges: [string, string][];
}

/**
 * What a tokenizer.json holds, as far as this package runs it. JavaScript objects list integer-like keys first, so `vocab` is
 * not in the order of its ids; `tokenizerToText` writes it in order.
 */
export interface TokenizerJson {
  version: '1.0';
  truncation: null;
  padding: null;
  added_tokens: AddedTokenJson[];
  normalizer: NormalizerJson | null;
  pre_tokenizer: PreTokenizerJson;
  post_processor: PostProcessorJson | null;
  decoder: ByteLevelJson;
  model: BpeModelJson;
}
