// The trainings that ../trained-tokenizers.mjs compares: our function, and what the reference is given.
import { llama3Split, gpt2Split, nanochatSplit, tiktokenToText, tokenizerToText, trainBpe, trainCharacterBpe, trainUnigram, trainWordPiece } from '@llm/tokenizer';

const BERT = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const METASPACE = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };
const CLIP = { type: 'Split', pattern: { Regex: String.raw`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+` }, behavior: 'Removed', invert: true };
const byteLevel = (trimOffsets) => ({ type: 'ByteLevel', add_prefix_space: true, trim_offsets: trimOffsets, use_regex: true });
const bpe = (fields) => ({ type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, ignore_merges: false, vocab: {}, merges: [], ...fields });
const given = ({ normalizer = null, preTokenizer, postProcessor = null, decoder = null }, model) => ({
  version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer, pre_tokenizer: preTokenizer, post_processor: postProcessor, decoder, model,
});

const bytes = (pattern) => ({
  sizes: [1000, 8000, 32_000],
  ours: async (documents, vocabSize) => tokenizerToText(await trainBpe(documents, { vocabSize, pattern, specialTokens: ['<|endoftext|>'] })),
  trainer: { type: 'BpeTrainer', options: { special_tokens: ['<|endoftext|>'] }, byteAlphabet: true },
  tokenizer: given({ preTokenizer: pattern.preTokenizer, postProcessor: byteLevel(false), decoder: byteLevel(true) }, bpe()),
});

const characters = ({ sizes, special, unkToken, suffix, ...pipeline }) => ({
  sizes,
  ours: async (documents, vocabSize) => tokenizerToText(await trainCharacterBpe(documents, { ...pipeline, vocabSize, specialTokens: special, unkToken, ...(suffix && { endOfWordSuffix: suffix }) })),
  trainer: { type: 'BpeTrainer', options: { special_tokens: special, ...(suffix && { end_of_word_suffix: suffix }) } },
  tokenizer: given(pipeline, bpe({ unk_token: unkToken })),
  ...(suffix && { suffix }),
});

const bert = {
  normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true }, preTokenizer: { type: 'BertPreTokenizer' },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
};

/**
 * `prefix` or `suffix` where the reference numbers characters in the order of a hash table, `unigram` where it adds up in one, `tiktoken` where
 * files are those of tiktoken.
 */
export const KINDS = {
  'BPE over bytes, GPT-2\'s split': bytes(gpt2Split),
  'BPE over bytes, Llama 3\'s split': bytes(llama3Split),
  'BPE as GPT-4 and nanochat': {
    sizes: [1000, 8000, 32_000], tiktoken: true,
    ours: async (documents, vocabSize) => tiktokenToText(await trainBpe(documents, { vocabSize, pattern: nanochatSplit, bytesFirst: true })),
    trainer: { type: 'rustbpe', pattern: nanochatSplit.preTokenizer.pretokenizers[0].pattern.Regex },
  },
  'BPE over characters, Metaspace': characters({ sizes: [1000, 8000, 32_000], special: ['<unk>', '<s>', '</s>'], unkToken: '<unk>', normalizer: { type: 'NFKC' }, preTokenizer: METASPACE, decoder: METASPACE }),
  'BPE over characters, CLIP': characters({
    sizes: [8000], special: ['<|startoftext|>', '<|endoftext|>'], unkToken: '<|endoftext|>', suffix: '</w>',
    normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Lowercase' }] }, preTokenizer: CLIP, decoder: { type: 'BPEDecoder', suffix: '</w>' },
  }),
  'WordPiece, BERT': {
    sizes: [1000, 8000], prefix: '##',
    ours: async (documents, vocabSize) => tokenizerToText(await trainWordPiece(documents, { ...bert, vocabSize, specialTokens: BERT })),
    trainer: { type: 'WordPieceTrainer', options: { special_tokens: BERT } },
    tokenizer: given(bert, { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: {} }),
  },
  'Unigram, Metaspace': {
    sizes: [1000, 8000], unigram: true,
    ours: async (documents, vocabSize) => tokenizerToText(await trainUnigram(documents, { vocabSize, specialTokens: ['<unk>', '<s>', '</s>'], unkToken: '<unk>', preTokenizer: METASPACE, decoder: METASPACE })),
    trainer: { type: 'UnigramTrainer', options: { special_tokens: ['<unk>', '<s>', '</s>'], unk_token: '<unk>' } },
    tokenizer: given({ preTokenizer: METASPACE, decoder: METASPACE }, { type: 'Unigram', unk_id: null, vocab: [], byte_fallback: false }),
  },
};
