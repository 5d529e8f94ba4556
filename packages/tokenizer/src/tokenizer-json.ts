/** The `truncation` of a tokenizer.json. */
export interface TruncationJson {
  direction: 'Left' | 'Right';
  max_length: number;
  strategy: 'LongestFirst' | 'OnlyFirst' | 'OnlySecond';
  stride: number;
}

/** The `padding` of a tokenizer.json. */
export interface PaddingJson {
  strategy: 'BatchLongest' | { Fixed: number };
  direction: 'Left' | 'Right';
  pad_to_multiple_of: number | null;
  pad_id: number;
  pad_type_id: number;
  pad_token: string;
}

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

export type PatternJson = { String: string } | { Regex: string };

/** What becomes of the matches when a text is cut at them. */
export type Behavior = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous';

export type UnicodeForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

export interface BertNormalizerJson {
  type: 'BertNormalizer';
  clean_text: boolean;
  handle_chinese_chars: boolean;
  /** Null: where letters are made small. */
  strip_accents: boolean | null;
  lowercase: boolean;
}

/** A `normalizer` of a tokenizer.json. */
export type NormalizerJson =
  | BertNormalizerJson
  | { type: 'Strip'; strip_left: boolean; strip_right: boolean }
  | { type: UnicodeForm | 'StripAccents' | 'Lowercase' | 'Nmt' | 'ByteLevel' }
  | { type: 'Precompiled'; precompiled_charsmap: string }
  | { type: 'Replace'; pattern: PatternJson; content: string }
  | { type: 'Prepend'; prepend: string }
  | { type: 'Sequence'; normalizers: NormalizerJson[] };

export interface MetaspaceJson {
  type: 'Metaspace';
  /** The character that stands for a blank, ▁. */
  replacement: string;
  prepend_scheme: 'always' | 'first' | 'never';
  split: boolean;
}

/** A `pre_tokenizer` of a tokenizer.json. */
export type PreTokenizerJson =
  | ByteLevelJson
  | MetaspaceJson
  | { type: 'BertPreTokenizer' | 'Whitespace' | 'WhitespaceSplit' | 'UnicodeScripts' }
  | { type: 'CharDelimiterSplit'; delimiter: string }
  | { type: 'Split'; pattern: PatternJson; behavior: Behavior; invert: boolean }
  | { type: 'Punctuation'; behavior: Behavior }
  | { type: 'Digits'; individual_digits: boolean }
  | { type: 'FixedLength'; length: number }
  | { type: 'Sequence'; pretokenizers: PreTokenizerJson[] };

/** A `decoder` of a tokenizer.json. */
export type DecoderJson =
  | ByteLevelJson
  | MetaspaceJson
  | { type: 'WordPiece'; prefix: string; cleanup: boolean }
  | { type: 'BPEDecoder'; suffix: string }
  | { type: 'CTC'; pad_token: string; word_delimiter_token: string; cleanup: boolean }
  | { type: 'Replace'; pattern: PatternJson; content: string }
  | { type: 'ByteFallback' | 'Fuse' }
  | { type: 'Strip'; content: string; start: number; stop: number }
  | { type: 'Sequence'; decoders: DecoderJson[] };

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

/** A special token and its id. */
export type SpecialPairJson = [token: string, id: number];

/** The post-processors of BERT and of RoBERTa. */
export interface BertProcessingJson {
  type: 'BertProcessing';
  sep: SpecialPairJson;
  cls: SpecialPairJson;
}

export interface RobertaProcessingJson {
  type: 'RobertaProcessing';
  sep: SpecialPairJson;
  cls: SpecialPairJson;
  trim_offsets: boolean;
  add_prefix_space: boolean;
}

export type ProcessorJson = ByteLevelJson | TemplateJson | BertProcessingJson | RobertaProcessingJson;

export type PostProcessorJson = ProcessorJson | { type: 'Sequence'; processors: ProcessorJson[] };

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

export interface WordPieceJson {
  type: 'WordPiece';
  unk_token: string;
  continuing_subword_prefix: string;
  max_input_chars_per_word: number;
  vocab: Record<string, number>;
}

export interface WordLevelJson {
  type: 'WordLevel';
  vocab: Record<string, number>;
  unk_token: string;
}

export interface UnigramJson {
  type: 'Unigram';
  unk_id: number | null;
  vocab: [string, number][];
  byte_fallback: boolean;
}

export type ModelJson = BpeModelJson | WordPieceJson | WordLevelJson | UnigramJson;

/**
 * What a tokenizer.json holds. JavaScript objects list integer-like keys first, so `vocab` is
 * not in the order of its ids; `tokenizerToText` writes it in order.
 */
export interface TokenizerJson {
  version: '1.0';
  truncation: TruncationJson | null;
  padding: PaddingJson | null;
  added_tokens: AddedTokenJson[];
  normalizer: NormalizerJson | null;
  pre_tokenizer: PreTokenizerJson | null;
  post_processor: PostProcessorJson | null;
  decoder: DecoderJson | null;
  model: ModelJson;
}
