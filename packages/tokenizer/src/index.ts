export { cl100kSplit, llama3Split, qwen2Split } from './cl100k-split.ts';
export { gpt2Split } from './gpt2-split.ts';
export type { Split } from './split.ts';
export { TokenizerError, type TokenizerErrorCode } from './tokenizer-error.ts';
export { tokenizerFromJson } from './tokenizer-from-json.ts';
export type {
  AddedTokenJson,
  BpeModelJson,
  ByteLevelJson,
  NormalizerJson,
  PostProcessorJson,
  PreTokenizerJson,
  SplitJson,
  TemplateJson,
  TemplatePieceJson,
  TokenizerJson,
} from './tokenizer-json.ts';
export { tokenizerToText } from './tokenizer-to-text.ts';
export type { DecodeOptions, EncodeOptions, StreamDecoder, Tokenizer } from './tokenizer.ts';
export { trainBpe, type TrainBpeOptions, type TrainProgress } from './train-bpe.ts';
