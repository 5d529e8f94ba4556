import { vocabOf } from '../models/read-model.ts';
import { tokenizerFromJson } from '../tokenizer-from-json.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { type CharacterOptions, trainCharacters } from './train-characters.ts';

export interface CharacterBpeOptions extends CharacterOptions {
  /** The special token for characters that have none; without it they are left out. */
  readonly unkToken?: string;
  /** Unknown neighbours are one token. Off by default. */
  readonly fuseUnk?: boolean;
  /** What every character but the first of a word has in front, `##`. None by default. */
  readonly continuingSubwordPrefix?: string;
  /** What the last character of a word has behind, `</w>`. None by default. */
  readonly endOfWordSuffix?: string;
}

/**
 * Trains byte-pair encoding over characters, behind any normalizer and pre-tokenizer, giving the file that the `BpeTrainer` of Hugging Face
 * `tokenizers` gives for the same documents.
 *
 * With a prefix or a suffix the reference's own ids differ from run to run; here they follow the order of the documents. Give a pre-tokenizer:
 * without one a whole document is a single word. For bytes there is {@link trainBpe}, which is much faster.
 *
 * @throws RangeError for options out of range, TypeError for a document that is no string, TokenizerError for a pipeline that is none.
 *
 * @example
 * ```ts
 * import { trainCharacterBpe } from '@llm/tokenizer';
 * const tokenizer = await trainCharacterBpe(['low lower lowest'], {
 *   vocabSize: 14, specialTokens: ['<unk>'], unkToken: '<unk>', endOfWordSuffix: '</w>', preTokenizer: { type: 'Whitespace' },
 *   decoder: { type: 'BPEDecoder', suffix: '</w>' },
 * });
 * if (tokenizer.idToToken(13) !== 'lowe' || tokenizer.decode(tokenizer.encode('lowest lower')) !== 'lowest lower') throw new Error('unexpected');
 * ```
 *
 * Sennrich, Haddow & Birch 2016, https://arxiv.org/abs/1508.07909
 */
export async function trainCharacterBpe(documents: Iterable<string> | AsyncIterable<string>, options: CharacterBpeOptions): Promise<Tokenizer> {
  const { unkToken = null, fuseUnk = false, continuingSubwordPrefix: prefix = null, endOfWordSuffix: suffix = null } = options;
  const { head, tokens, merges } = await trainCharacters(documents, options, { caller: 'trainCharacterBpe', prefix: prefix ?? '', suffix: suffix ?? '' });
  return tokenizerFromJson({
    ...head,
    model: {
      type: 'BPE', dropout: null, unk_token: unkToken, continuing_subword_prefix: prefix, end_of_word_suffix: suffix, fuse_unk: fuseUnk, byte_fallback: false, ignore_merges: false,
      vocab: vocabOf(tokens), merges: Array.from(merges.lefts, (left, i) => [tokens[left]!, tokens[merges.rights[i]!]!]),
    },
  });
}
