export { cl100kSplit, llama3Split, qwen2Split } from './cl100k-split.ts';
export { gpt2Split } from './gpt2-split.ts';
export { o200kSplit } from './o200k-split.ts';
export { boundedRegex, type BoundedMatch, type BoundedRegex, type BoundedRegexOptions } from './regex/bounded-regex.ts';
export { type Dialect as RegexDialect, RegexError } from './regex/nodes.ts';
export type { Split } from './split.ts';
export { TokenizerError, type TokenizerErrorCode } from './tokenizer-error.ts';
export { tokenizerFromJson } from './tokenizer-from-json.ts';
export type {
  AddedTokenJson, BpeModelJson, ByteLevelJson, DecoderJson, ModelJson, NormalizerJson, PostProcessorJson, PreTokenizerJson, TemplateJson, TemplatePieceJson, TokenizerJson,
  UnigramJson, WordLevelJson, WordPieceJson,
} from './tokenizer-json.ts';
export { tokenizerToText } from './tokenizer-to-text.ts';
export type { DecodeOptions, EncodeOptions, OffsetOptions, StreamDecoder, Tokenizer, TokenOffsets } from './tokenizer.ts';
export { readTiktoken, type TiktokenOptions, tiktokenToText } from './tiktoken.ts';
export { trainBpe, type TrainBpeOptions, type TrainProgress } from './train-bpe.ts';
export { chatTemplate } from './chat/chat-template.ts';
export { ChatTemplateError, type ChatTemplateErrorCode } from './chat/chat-template-error.ts';
export { encodeChat } from './chat/encode-chat.ts';
export { chatTemplateConfig, readChatTemplate, type ReadChatTemplateOptions } from './chat/read-chat-template.ts';
export { templates, type TemplateName } from './chat/templates.ts';
export { textTemplate, type TextFilter, type TextTemplate, type TextTemplateOptions } from './chat/text-template.ts';
export type {
  ChatFormat, ChatMessage, ChatTemplate, ChatTemplateOptions, EncodeChatOptions, EncodedChat, RenderedChat, RenderOptions, TemplateLimits, TextSpan,
} from './chat/types.ts';
