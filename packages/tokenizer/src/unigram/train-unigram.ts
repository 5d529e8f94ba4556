import { addedToken } from '../added-tokens.ts';
import { bytePieces } from '../decoders/decoders.ts';
import { MAX_TOKENS } from '../models/read-model.ts';
import { tokenizerFromJson } from '../tokenizer-from-json.ts';
import type { Tokenizer } from '../tokenizer.ts';
import type { DecoderJson, PostProcessorJson } from '../tokenizer-json.ts';
import { checkNumber, checkSpecialTokens } from '../train/check-training.ts';
import { countPieces, type Pipeline } from '../train/count-pieces.ts';
import { pauses } from '../train/pacer.ts';
import { choosePieces } from './choose-pieces.ts';
import { fitPieces } from './fit-pieces.ts';
import type { Pieces } from './lattice.ts';
import { prunePieces } from './prune-pieces.ts';
import { seedPieces } from './seed-pieces.ts';

/** How far a Unigram training is. */
export interface UnigramProgress {
  /** `count` reads the documents, `seed` looks for strings that repeat, `fit` learns from them which to keep. */
  readonly phase: 'count' | 'seed' | 'fit';
  /** Pieces that are left. */
  readonly pieces: number;
  /** Pieces at which rounds end, a tenth more than asked for. */
  readonly target: number;
}

export interface UnigramOptions extends Pipeline {
  /** The number of ids to end with, at most. 8,000 by default. */
  readonly vocabSize?: number;
  /** Tokens with the first ids. */
  readonly specialTokens?: readonly string[];
  /** The token for characters that have none; it is put first where it is not among the special tokens. */
  readonly unkToken?: string;
  /** Characters that have a token whether the text has them or not; of a longer string the first one. */
  readonly initialAlphabet?: readonly string[];
  /** The share of the pieces that each round leaves. 0.75 by default. */
  readonly shrinkingFactor?: number;
  /** Steps of expectation and maximization in a round. 2 by default. */
  readonly subIterations?: number;
  /** In characters. 16 by default. */
  readonly maxPieceLength?: number;
  /** Pieces to begin with, at most. 1,000,000 by default. */
  readonly seedSize?: number;
  /**
   * Puts a piece for each byte, `<0x00>` to `<0xFF>`, behind the special tokens, so that characters without a piece are written in bytes. Off by
   * default, as it is in Hugging Face's trainer, which has no such option.
   */
  readonly byteFallback?: boolean;
  readonly postProcessor?: PostProcessorJson | null;
  readonly decoder?: DecoderJson | null;
  readonly onProgress?: (progress: UnigramProgress) => void;
  /** Stops the training: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Rounds without a piece less after which a training ends. */
const PATIENCE = 20;

/**
 * Trains a Unigram model, behind any normalizer and pre-tokenizer, as the `UnigramTrainer` of Hugging Face `tokenizers` does: from all strings
 * that repeat, by rounds of expectation, maximization and pruning, with the same pieces and scores.
 *
 * The reference adds up in the order of a hash table with a random seed, so that the last digits of its scores differ from run to run, and with
 * them what hangs on equally likely pieces. Here sums follow the order of the documents. The result is the same on every engine.
 *
 * @throws RangeError for options out of range, and where the text has more characters than `vocabSize`; TypeError for a document that is no
 * string; TokenizerError for a pipeline that is none.
 *
 * @example
 * ```ts
 * import { trainUnigram } from '@llm/tokenizer';
 * const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true } as const;
 * const tokenizer = await trainUnigram(['the cat and the dog', 'the cats and the dogs'], {
 *   vocabSize: 24, specialTokens: ['<unk>'], unkToken: '<unk>', preTokenizer: metaspace, decoder: metaspace,
 * });
 * const ids = tokenizer.encode('the cat');
 * if (tokenizer.decode(ids) !== 'the cat' || tokenizer.idToToken(ids.at(-1)!) !== '▁cat') throw new Error('unexpected');
 * ```
 *
 * Kudo 2018, https://arxiv.org/abs/1804.10959
 */
export async function trainUnigram(documents: Iterable<string> | AsyncIterable<string>, options: UnigramOptions = {}): Promise<Tokenizer> {
  const { vocabSize = 8000, specialTokens = [], unkToken, initialAlphabet = [], shrinkingFactor = 0.75, subIterations = 2, maxPieceLength = 16, seedSize = 1_000_000, byteFallback = false } = options;
  check({ vocabSize, specialTokens, unkToken, shrinkingFactor, subIterations, maxPieceLength, seedSize, byteFallback });
  const wanted = Math.floor((vocabSize * 11) / 10);
  let pieces: Pieces = [];
  const breathe = pauses(options.signal);
  const pause = (phase: UnigramProgress['phase']) => (): Promise<void> | undefined => breathe(() => options.onProgress?.({ phase, pieces: pieces.length, target: wanted }));
  const words = await countPieces(documents, options, { caller: 'trainUnigram', pause: pause('count') });
  const alphabet = new Set([...words.keys(), ...initialAlphabet.map((each) => Array.from(each)[0] ?? '')].flatMap((word) => Array.from(word)));
  if (alphabet.size > vocabSize) throw new RangeError(`trainUnigram: expected vocabSize to be at least ${alphabet.size}, the number of different characters, but found ${vocabSize}. Allow more tokens.`);
  pieces = [[UNKNOWN, NaN], ...await seedPieces(words, { maxPieceLength, seedSize, pause: pause('seed') })];
  let fewest = pieces.length + 1;
  let patience = PATIENCE;
  for (;;) {
    for (let i = 0; i < subIterations; i++) pieces = await fitPieces(pieces, words, pause('fit'));
    if (pieces.length <= wanted) break;
    pieces = await prunePieces(pieces, words, { size: Math.max(wanted, Math.floor(pieces.length * shrinkingFactor)), pause: pause('fit') });
    // Where no round leaves anything out there is no end to wait for.
    patience = pieces.length < fewest ? PATIENCE : patience - 1;
    fewest = Math.min(fewest, pieces.length);
    if (patience === 0) break;
  }
  const first = firstTokens({ specialTokens, unkToken, byteFallback });
  const chosen = choosePieces(pieces, alphabet, vocabSize - first.length);
  options.onProgress?.({ phase: 'fit', pieces: chosen.length, target: wanted });
  const { normalizer = null, preTokenizer = null, postProcessor = null, decoder = null } = options;
  const vocab = [...first.map((token): [string, number] => [token, 0]), ...chosen];
  return tokenizerFromJson({
    version: '1.0', truncation: null, padding: null,
    added_tokens: [...new Set(specialTokens)].map((token) => addedToken(token, vocab.findLastIndex(([each]) => each === token))).sort((a, b) => a.id - b.id),
    normalizer, pre_tokenizer: preTokenizer, post_processor: postProcessor, decoder,
    model: { type: 'Unigram', unk_id: unkToken === undefined ? null : first.indexOf(unkToken), vocab, byte_fallback: byteFallback },
  });
}

/** What stands for unknown characters while training, whatever the unknown token is. */
const UNKNOWN = '<UNK>';

function firstTokens({ specialTokens, unkToken, byteFallback }: { specialTokens: readonly string[]; unkToken: string | undefined; byteFallback: boolean }): string[] {
  const unknown = unkToken === undefined || specialTokens.includes(unkToken) ? [] : [unkToken];
  const bytes = byteFallback ? bytePieces : [];
  return [...unknown, ...specialTokens, ...bytes];
}

type Checked = Required<Pick<UnigramOptions, 'vocabSize' | 'specialTokens' | 'shrinkingFactor' | 'subIterations' | 'maxPieceLength' | 'seedSize' | 'byteFallback'>> & { readonly unkToken: string | undefined };

function check({ vocabSize, specialTokens, unkToken, shrinkingFactor, subIterations, maxPieceLength, seedSize, byteFallback }: Checked): void {
  checkSpecialTokens('trainUnigram', unkToken === undefined ? specialTokens : [...specialTokens, unkToken]);
  const first = firstTokens({ specialTokens, unkToken, byteFallback }).length;
  checkNumber('trainUnigram', 'vocabSize', vocabSize, { least: first + 1, most: MAX_TOKENS, why: `${first} ids are taken by special tokens and bytes` });
  checkNumber('trainUnigram', 'subIterations', subIterations, { least: 1, most: 1000, why: 'each goes over all words' });
  checkNumber('trainUnigram', 'maxPieceLength', maxPieceLength, { least: 1, most: 1000, why: 'it is a number of characters' });
  checkNumber('trainUnigram', 'seedSize', seedSize, { least: 1, most: Infinity, why: 'it is a number of pieces' });
  if (!(shrinkingFactor > 0 && shrinkingFactor < 1)) throw new RangeError(`trainUnigram: expected shrinkingFactor to lie between 0 and 1 but found ${String(shrinkingFactor)}. 0.75 leaves three of four pieces.`);
}
