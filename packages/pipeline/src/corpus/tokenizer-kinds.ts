import { type Split, type Tokenizer, trainBpe, trainUnigram, trainWordPiece } from '@llm/tokenizer';

export const END_OF_TEXT = '<|endoftext|>';

export interface KindOptions {
  readonly vocabSize: number;
  /** How byte-level BPE cuts text into pieces. */
  readonly pattern: Split;
  readonly signal?: AbortSignal;
}

const BLANK = '\u2581';
const asBlank = { type: 'Replace', pattern: { String: ' ' }, content: BLANK } as const;
const asText = { type: 'Replace', pattern: { String: BLANK }, content: ' ' } as const;

export type TokenizerKind = 'bpe' | 'unigram' | 'wordpiece';

/** Ways to train a tokenizer, by the name that is typed, each with a token that ends a text. */
export const TOKENIZER_KINDS: Readonly<Record<TokenizerKind, (documents: Iterable<string>, options: KindOptions) => Promise<Tokenizer>>> = {
  /** Byte-level BPE: any text, and back to the byte. */
  bpe: (documents, { vocabSize, pattern, signal }) => trainBpe(documents, { vocabSize, pattern, specialTokens: [END_OF_TEXT], minFrequency: 2, ...stops(signal) }),
  /** As SentencePiece does it: words with ▁ in front, and bytes for what has no piece. */
  unigram: (documents, { vocabSize, signal }) => trainUnigram(documents, {
    vocabSize, byteFallback: true, specialTokens: [END_OF_TEXT, '<unk>'], unkToken: '<unk>', initialAlphabet: [BLANK],
    normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: BLANK }, asBlank] },
    preTokenizer: { type: 'Metaspace', replacement: BLANK, prepend_scheme: 'never', split: true },
    decoder: { type: 'Sequence', decoders: [asText, { type: 'ByteFallback' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }] },
    ...stops(signal),
  }),
  /** As BERT has it, letters as they are: blanks are lost, and words with unknown characters are unknown. */
  wordpiece: (documents, { vocabSize, signal }) => trainWordPiece(documents, {
    vocabSize, specialTokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', END_OF_TEXT], minFrequency: 2,
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: false },
    preTokenizer: { type: 'BertPreTokenizer' }, postProcessor: { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    ...stops(signal),
  }),
};

function stops(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
