import { below, type Random, rowRandom } from '../row-random.ts';

/** The tokens in front of the three parts of a document. */
export interface MiddleTokens {
  readonly prefixId: number;
  readonly suffixId: number;
  readonly middleId: number;
}

export interface FillInTheMiddleOptions extends MiddleTokens {
  readonly seed: number;
  /** Share of documents that are rearranged; default 0.5. */
  readonly rate?: number;
  /** Share of these in which the suffix comes first; default 0.5. */
  readonly suffixFirstShare?: number;
}

/**
 * Documents of which some are rearranged, so that a causal model learns to write what is missing in the middle. Pack them and train
 * as ever; end-of-document tokens come from packing.
 *
 *   PSM: <PRE> prefix <SUF> suffix <MID> middle;  SPM: <PRE> <SUF> suffix <MID> prefix middle
 *
 * Given texts instead of tokens, and `encode`, a document is cut between characters (code points), also inside of what would be one
 * token, which the paper found to matter for use on any cursor position; its parts are encoded one by one. What is drawn depends on
 * seed and place in the sequence alone: whether, where twice, and in which order, four numbers at most.
 *
 * Bavarian et al. 2022, https://arxiv.org/abs/2207.14255
 *
 * @throws RangeError for shares outside [0, 1]; TypeError for texts without `encode`.
 *
 * @example
 * ```ts
 * import { fillInTheMiddle, packDocuments } from '@llm/pretrain';
 * const ids = { prefixId: 1, suffixId: 2, middleId: 3, seed: 0 };
 * const encode = (text: string) => [...text].map((character) => character.codePointAt(0)!);
 * const rows = packDocuments(fillInTheMiddle(['const x = 1;', 'x += 2;'], { ...ids, encode }), { length: 32, eos: 0 });
 * if (rows.documents !== 2) throw new Error('one for one');
 * ```
 */
export function fillInTheMiddle(documents: Iterable<ArrayLike<number>>, options: FillInTheMiddleOptions): Generator<ArrayLike<number>>;
export function fillInTheMiddle(documents: Iterable<string>, options: FillInTheMiddleOptions & { readonly encode: (text: string) => ArrayLike<number> }): Generator<ArrayLike<number>>;
export function* fillInTheMiddle(
  documents: Iterable<string | ArrayLike<number>>, options: FillInTheMiddleOptions & { readonly encode?: (text: string) => ArrayLike<number> },
): Generator<ArrayLike<number>> {
  const { seed, rate = 0.5, suffixFirstShare = 0.5, encode } = options;
  for (const [name, value] of Object.entries({ rate, suffixFirstShare })) {
    if (!(value >= 0 && value <= 1)) throw new RangeError(`fillInTheMiddle: expected ${name} from 0 to 1 but found ${value}.`);
  }
  let row = 0;
  for (const document of documents) {
    const random = rowRandom({ seed, epoch: 0, row: row++ });
    const choices = { ...options, rate, suffixFirstShare, random };
    if (typeof document !== 'string') yield rearranged(Array.from(document), { ...choices, encode: (part) => part });
    else if (encode !== undefined) yield rearranged([...document], { ...choices, encode: (part) => encode(part.join('')) });
    else throw new TypeError('fillInTheMiddle: expected encode, with which to turn texts into tokens, but found none. Give it, or give tokens.');
  }
}

/** One document, its characters or tokens as items: as they are or in another order. */
export function rearranged<T>(items: readonly T[], { prefixId, suffixId, middleId, rate, suffixFirstShare, random, encode }: MiddleTokens & {
  readonly rate: number; readonly suffixFirstShare: number; readonly random: Random; readonly encode: (part: readonly T[]) => ArrayLike<number>;
}): ArrayLike<number> {
  if (random() >= rate) return encode(items);
  const [one, two] = [below(items.length + 1, random), below(items.length + 1, random)];
  const [from, to] = [Math.min(one, two), Math.max(one, two)];
  const [prefix, middle, suffix] = [items.slice(0, from), items.slice(from, to), items.slice(to)].map((part) => Array.from(encode(part)));
  return random() < suffixFirstShare
    ? [prefixId, suffixId, ...suffix!, middleId, ...prefix!, ...middle!]
    : [prefixId, ...prefix!, suffixId, ...suffix!, middleId, ...middle!];
}
