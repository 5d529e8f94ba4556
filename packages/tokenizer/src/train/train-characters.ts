import { addedToken } from '../added-tokens.ts';
import { type Learnt, learnMerges } from '../learn-merges.ts';
import { MAX_TOKENS } from '../models/read-model.ts';
import type { DecoderJson, PostProcessorJson, TokenizerJson } from '../tokenizer-json.ts';
import { characterSymbols } from './character-symbols.ts';
import { checkNumber, checkSpecialTokens } from './check-training.ts';
import { countPieces, type Pipeline } from './count-pieces.ts';
import { pacer, type TrainControl } from './pacer.ts';

/** What trainings over characters share. */
export interface CharacterOptions extends Pipeline, TrainControl {
  /** The number of ids to end with. The special tokens and the alphabet are there even where they are more. */
  readonly vocabSize: number;
  /** Pairs that occur less often are not merged. 0 by default. */
  readonly minFrequency?: number;
  /** Tokens with the first ids, `[UNK]` and `[PAD]`; the one for what is unknown has to be among them. */
  readonly specialTokens?: readonly string[];
  /** Characters at most, the most frequent ones; others are unknown. No limit by default. */
  readonly limitAlphabet?: number;
  /** Characters that have a token whether the text has them or not; of a longer string the first one. */
  readonly initialAlphabet?: readonly string[];
  /** Tokens stay shorter than this many characters, but two single ones always merge. No bound by default. */
  readonly maxTokenLength?: number;
  readonly postProcessor?: PostProcessorJson | null;
  readonly decoder?: DecoderJson | null;
}

/** Counts words, learns merges over their characters, and gives them with the head of a tokenizer.json. */
export async function trainCharacters(
  documents: Iterable<string> | AsyncIterable<string>, options: CharacterOptions, { caller, prefix, suffix }: { caller: string; prefix: string; suffix: string },
): Promise<Learnt & { readonly head: Omit<TokenizerJson, 'model'> }> {
  const { vocabSize, minFrequency = 0, specialTokens = [], limitAlphabet = Infinity, initialAlphabet = [], maxTokenLength = Infinity } = options;
  checkSpecialTokens(caller, specialTokens);
  checkNumber(caller, 'vocabSize', vocabSize, { least: 0, most: MAX_TOKENS, why: 'it is a number of tokens' });
  checkNumber(caller, 'minFrequency', minFrequency, { least: 0, most: Infinity, why: '0 merges any pair that occurs' });
  checkNumber(caller, 'limitAlphabet', limitAlphabet, { least: 0, most: Infinity, why: 'it is a number of characters' });
  checkNumber(caller, 'maxTokenLength', maxTokenLength, { least: 1, most: Infinity, why: 'it is a number of characters' });
  const pause = pacer(options, vocabSize);
  const words = await countPieces(documents, options, { caller, pause: () => pause('count', 0) });
  const symbols = characterSymbols(words, { specialTokens, initialAlphabet, limitAlphabet, prefix, suffix });
  const base = symbols.tokens.length;
  const learnt = await learnMerges(symbols, { vocabSize, minFrequency, maxTokenLength, prefix, pause: (size) => pause('merge', size - base) });
  options.onProgress?.({ phase: 'merge', merges: learnt.tokens.length - base, total: vocabSize });
  const { normalizer = null, preTokenizer: pre_tokenizer = null, postProcessor: post_processor = null, decoder = null } = options;
  return {
    ...learnt,
    head: { version: '1.0', truncation: null, padding: null, added_tokens: [...new Set(specialTokens)].map(addedToken), normalizer, pre_tokenizer, post_processor, decoder },
  };
}
