import { addedToken } from './added-tokens.ts';
import { countWords } from './count-words.ts';
import { createTokenizer } from './create-tokenizer.ts';
import { gpt2Split } from './gpt2-split.ts';
import { learnMerges } from './learn-merges.ts';
import { byteSymbols, bytesInOrder, specialFirst } from './train/byte-symbols.ts';
import { checkNumber, checkSpecialTokens } from './train/check-training.ts';
import { pacer, type TrainControl } from './train/pacer.ts';
import { MAX_TOKENS } from './models/read-model.ts';
import type { Split } from './split.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { AddedTokenJson, ByteLevelJson } from './tokenizer-json.ts';

export interface TrainBpeOptions extends TrainControl {
  /** The number of ids to end with: special tokens, 256 bytes, and one for each merge. */
  readonly vocabSize: number;
  /** Pairs that occur less often are not merged. 0 by default. */
  readonly minFrequency?: number;
  /** Where merges stop: {@link gpt2Split} by default. */
  readonly pattern?: Split;
  /** Tokens that no text contains, `<|endoftext|>`; they get the first ids, or with `bytesFirst` the last. */
  readonly specialTokens?: readonly string[];
  /**
   * Numbers bytes by their values and special tokens last, as tiktoken, rustbpe and nanochat do, where Hugging Face puts special tokens first
   * and bytes by their characters. Of equally frequent pairs the one with the lowest ids still comes first, so other merges may win.
   */
  readonly bytesFirst?: boolean;
  /** Tokens stay shorter than this many bytes, but two single bytes always merge. No bound by default. */
  readonly maxTokenLength?: number;
}

/**
 * Trains a byte-level BPE tokenizer on `documents`, giving the same vocabulary and merges as the `BpeTrainer` of Hugging Face
 * `tokenizers` (with `initial_alphabet=ByteLevel.alphabet()`) gives for the same documents.
 *
 * Documents are read once, one at a time; what is kept is one count per distinct piece. Lets other tasks run every 40 ms.
 * Ends with fewer than `vocabSize` ids where the text has too few pairs.
 *
 * @example
 * ```ts
 * import { trainBpe } from '@llm/tokenizer';
 * const tokenizer = await trainBpe(['low lower lowest', 'new newer newest'], {
 *   vocabSize: 265,
 *   specialTokens: ['<|endoftext|>'],
 * });
 * if (tokenizer.size !== 265) throw new Error('unexpected');
 * if (tokenizer.encode(' lower').length >= 6) throw new Error('nothing was merged');
 * ```
 *
 * Sennrich, Haddow & Birch 2016, https://arxiv.org/abs/1508.07909; on bytes: Radford et al. 2019.
 */
export async function trainBpe(
  documents: Iterable<string> | AsyncIterable<string>,
  options: TrainBpeOptions,
): Promise<Tokenizer> {
  const { vocabSize, minFrequency = 0, pattern = gpt2Split, specialTokens = [], bytesFirst = false, maxTokenLength = Infinity } = options;
  checkSpecialTokens('trainBpe', specialTokens);
  const base = specialFirst(specialTokens).length;
  checkNumber('trainBpe', 'vocabSize', vocabSize, { least: base, most: MAX_TOKENS, why: `${base} ids are taken by the bytes and special tokens` });
  checkNumber('trainBpe', 'minFrequency', minFrequency, { least: 0, most: Infinity, why: '0 merges any pair that occurs' });
  checkNumber('trainBpe', 'maxTokenLength', maxTokenLength, { least: 1, most: Infinity, why: 'it is a number of bytes' });
  const pauser = pacer(options, vocabSize - base);
  const corpus = await countWords(documents, { split: pattern, pause: () => pauser('count', 0) });
  const { tokens, merges } = await learnMerges(byteSymbols(corpus, bytesFirst ? bytesInOrder : specialFirst(specialTokens)), {
    vocabSize: bytesFirst ? vocabSize - (base - 256) : vocabSize,
    minFrequency,
    maxTokenLength,
    pause: (size) => pauser('merge', size - (bytesFirst ? 256 : base)),
  });
  options.onProgress?.({ phase: 'merge', merges: tokens.length - (bytesFirst ? 256 : base), total: vocabSize - base });
  return createTokenizer({
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens(specialTokens, tokens),
      normalizer: null,
      pre_tokenizer: pattern.preTokenizer,
      post_processor: byteLevel({ trimOffsets: false }),
      decoder: byteLevel({ trimOffsets: true }),
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
      },
    },
    tokens,
    merges,
    split: pattern,
  });
}

function byteLevel({ trimOffsets }: { trimOffsets: boolean }): ByteLevelJson {
  return { type: 'ByteLevel', add_prefix_space: true, trim_offsets: trimOffsets, use_regex: true };
}

// A special token has the id that the model gives it, or one behind all of those.
function addedTokens(specialTokens: readonly string[], tokens: readonly string[]): AddedTokenJson[] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  let next = tokens.length;
  return [...new Set(specialTokens)].map((token) => addedToken(token, ids.get(token) ?? next++)).sort((a, b) => a.id - b.id);
}
