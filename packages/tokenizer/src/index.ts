export { countTokens, isWithinTokenLimit } from './batch/count-tokens.ts';
export type { TruncationOptions } from './batch/cut-lengths.ts';
export { type BatchOptions, encodeBatch } from './batch/encode-batch.ts';
export type { EncodedBatch, EncodedRows, Texts } from './batch/encoded-batch.ts';
export type { PaddingOptions } from './batch/padding-options.ts';
export { cl100kSplit, llama3Split, nanochatSplit, qwen2Split } from './cl100k-split.ts';
export { openTokenizerPool, type PoolBatchOptions, type TokenizerPool } from './pool/tokenizer-pool.ts';
export { gpt2Split } from './gpt2-split.ts';
export { sentinelTokens, ul2Tokens } from './objective-tokens.ts';
export { o200kSplit } from './o200k-split.ts';
export { boundedRegex, type BoundedMatch, type BoundedRegex, type BoundedRegexOptions } from './regex/bounded-regex.ts';
export { type Dialect as RegexDialect, RegexError } from './regex/nodes.ts';
export type { Split } from './split.ts';
export { TokenizerError, type TokenizerErrorCode } from './tokenizer-error.ts';
export { tokenizerFromJson } from './tokenizer-from-json.ts';
export type {
  AddedTokenJson, BpeModelJson, ByteLevelJson, DecoderJson, ModelJson, NormalizerJson, PaddingJson, PostProcessorJson, PreTokenizerJson, TemplateJson, TemplatePieceJson, TokenizerJson,
  TruncationJson, UnigramJson, WordLevelJson, WordPieceJson,
} from './tokenizer-json.ts';
export { tokenizerToText } from './tokenizer-to-text.ts';
export type { DecodeOptions, EncodeOptions, OffsetOptions, StreamDecoder, Tokenizer, TokenOffsets } from './tokenizer.ts';
export { readTiktoken, type TiktokenOptions, tiktokenToText } from './tiktoken.ts';
export { trainBpe, type TrainBpeOptions } from './train-bpe.ts';
export { type TokenizerFigures, type TokenizerReport, tokenizerReport } from './report/tokenizer-report.ts';
export { readSentencePiece } from './sentencepiece/read-sentencepiece.ts';
export { writeSentencePiece } from './sentencepiece/write-sentencepiece.ts';
export type { TrainProgress } from './train/pacer.ts';
export { type CharacterBpeOptions, trainCharacterBpe } from './train/train-character-bpe.ts';
export { trainUnigram, type UnigramOptions, type UnigramProgress } from './unigram/train-unigram.ts';
export { trainWordPiece, type WordPieceOptions } from './train/train-word-piece.ts';
export { chatTemplate } from './chat/chat-template.ts';
export { ChatTemplateError, type ChatTemplateErrorCode } from './chat/chat-template-error.ts';
export { encodeChat } from './chat/encode-chat.ts';
export { chatTemplateConfig, readChatTemplate, type ReadChatTemplateOptions } from './chat/read-chat-template.ts';
export { templates, type TemplateName } from './chat/templates.ts';
export { textTemplate, type TextFilter, type TextTemplate, type TextTemplateOptions } from './chat/text-template.ts';
export type {
  ChatFormat, ChatMessage, ChatTemplate, ChatTemplateOptions, EncodeChatOptions, EncodedChat, RenderedChat, RenderOptions, TemplateLimits, TextSpan,
} from './chat/types.ts';
