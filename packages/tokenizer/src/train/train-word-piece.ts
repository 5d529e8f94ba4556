import { vocabOf } from '../models/read-model.ts';
import { tokenizerFromJson } from '../tokenizer-from-json.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { type CharacterOptions, trainCharacters } from './train-characters.ts';

export interface WordPieceOptions extends CharacterOptions {
  /** The token for words that have no cover; `[UNK]` by default. Name it among the special tokens. */
  readonly unkToken?: string;
  /** What a token that goes on with a word has in front; `##` by default. */
  readonly continuingSubwordPrefix?: string;
  /** Longer words are unknown. 100 characters by default. */
  readonly maxInputCharsPerWord?: number;
}

/**
 * Trains WordPiece, behind any normalizer and pre-tokenizer, giving the file that the `WordPieceTrainer` of Hugging Face `tokenizers` gives for
 * the same documents: the vocabulary of byte-pair encoding over characters, in which all but the first of a word have a prefix.
 *
 * The reference's own ids of those characters, and what hangs on them where pairs are equally frequent, differ from run to run; here they
 * follow the order of the documents.
 *
 * @throws RangeError for options out of range, TypeError for a document that is no string, TokenizerError for a pipeline that is none.
 *
 * @example
 * ```ts
 * import { trainWordPiece } from '@llm/tokenizer';
 * const tokenizer = await trainWordPiece(['Low lower lowest'], {
 *   vocabSize: 30, specialTokens: ['[UNK]'],
 *   normalizer: { type: 'Lowercase' }, preTokenizer: { type: 'BertPreTokenizer' }, decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
 * });
 * const ids = tokenizer.encode('LOWEST');
 * if (tokenizer.decode(ids) !== 'lowest' || tokenizer.idToToken(ids[0]!) === '[UNK]') throw new Error('unexpected');
 * ```
 *
 * Schuster & Nakajima 2012, Japanese and Korean Voice Search; Wu et al. 2016, https://arxiv.org/abs/1609.08144
 */
export async function trainWordPiece(documents: Iterable<string> | AsyncIterable<string>, options: WordPieceOptions): Promise<Tokenizer> {
  const { unkToken = '[UNK]', continuingSubwordPrefix: prefix = '##', maxInputCharsPerWord = 100 } = options;
  const { head, tokens } = await trainCharacters(documents, options, { caller: 'trainWordPiece', prefix, suffix: '' });
  return tokenizerFromJson({
    ...head,
    model: { type: 'WordPiece', unk_token: unkToken, continuing_subword_prefix: prefix, max_input_chars_per_word: maxInputCharsPerWord, vocab: vocabOf(tokens) },
  });
}
