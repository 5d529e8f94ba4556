import { addedToken, MAX_ADDED_TOKEN_LENGTH } from './added-tokens.ts';
import { byteLevelAlphabet } from './byte-level.ts';
import { countWords } from './count-words.ts';
import { createTokenizer } from './create-tokenizer.ts';
import { gpt2Split } from './gpt2-split.ts';
import { learnMerges } from './learn-merges.ts';
import { MAX_TOKENS } from './models/read-model.ts';
import type { Split } from './split.ts';
import { shown } from './tokenizer-error.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { AddedTokenJson, ByteLevelJson } from './tokenizer-json.ts';

/** How far a training is. */
export interface TrainProgress {
  /** `count` reads the documents, `merge` learns from them. */
  readonly phase: 'count' | 'merge';
  /** Merges learnt so far. */
  readonly merges: number;
  /** Merges to learn, at most. */
  readonly total: number;
}

export interface TrainBpeOptions {
  /** The number of ids to end with: special tokens, 256 bytes, and one for each merge. */
  readonly vocabSize: number;
  /** Pairs that occur less often are not merged. 0 by default. */
  readonly minFrequency?: number;
  /** Where merges stop: {@link gpt2Split} by default. */
  readonly pattern?: Split;
  /** Tokens that no text contains, `<|endoftext|>`; they get the first ids. */
  readonly specialTokens?: readonly string[];
  /** Tokens stay shorter than this many bytes, but two single bytes always merge. No bound by default. */
  readonly maxTokenLength?: number;
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Stops the training: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

// Long enough to cost nothing, short enough for a page to stay alive.
const PAUSE_EVERY_MS = 40;

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
  const { vocabSize, minFrequency = 0, pattern = gpt2Split, specialTokens = [], maxTokenLength = Infinity } = options;
  checkSpecialTokens(specialTokens);
  const base = new Set([...specialTokens, ...byteLevelAlphabet]).size;
  checkNumber('vocabSize', vocabSize, { least: base, most: MAX_TOKENS, why: `${base} ids are taken by the bytes and special tokens` });
  checkNumber('minFrequency', minFrequency, { least: 0, most: Infinity, why: '0 merges any pair that occurs' });
  checkNumber('maxTokenLength', maxTokenLength, { least: 1, most: Infinity, why: 'it is a number of bytes' });
  const pauser = pacer(options, vocabSize - base);
  const corpus = await countWords(documents, { split: pattern, pause: () => pauser('count', 0) });
  const { tokens, merges } = await learnMerges(corpus, {
    vocabSize,
    minFrequency,
    specialTokens,
    maxTokenLength,
    pause: (size) => pauser('merge', size - base),
  });
  options.onProgress?.({ phase: 'merge', merges: tokens.length - base, total: vocabSize - base });
  return createTokenizer({
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens(specialTokens),
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

function addedTokens(specialTokens: readonly string[]): AddedTokenJson[] {
  return [...new Set(specialTokens)].map(addedToken);
}

// Returns a function that reports, stops, or gives way to other tasks, where it is time to.
function pacer(
  { onProgress, signal }: TrainBpeOptions,
  total: number,
): (phase: TrainProgress['phase'], merges: number) => Promise<void> | undefined {
  signal?.throwIfAborted();
  let last = performance.now();
  return (phase, merges) => {
    if (performance.now() - last < PAUSE_EVERY_MS) return undefined;
    onProgress?.({ phase, merges, total });
    return new Promise((resolve) => setTimeout(resolve)).then(() => {
      signal?.throwIfAborted();
      last = performance.now();
    });
  };
}

function checkNumber(name: string, value: number, { least, most, why }: { least: number; most: number; why: string }): void {
  if ((Number.isInteger(value) || value === most) && value >= least && value <= most) return;
  const range = most === Infinity ? `${least} or more` : `from ${least} to ${most}`;
  throw new RangeError(`trainBpe: expected ${name} to be an integer ${range} but found ${String(value)}. Note that ${why}.`);
}

function checkSpecialTokens(tokens: readonly string[]): void {
  for (const token of tokens) {
    const valid = typeof token === 'string' && token !== '' && token.length <= MAX_ADDED_TOKEN_LENGTH && !/[\ud800-\udfff]/u.test(token);
    if (!valid) {
      throw new RangeError(
        `trainBpe: expected special tokens to be strings of 1 to ${MAX_ADDED_TOKEN_LENGTH} characters but found ${shown(token)}. Use a name such as "<|endoftext|>".`,
      );
    }
  }
}
