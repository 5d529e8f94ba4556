import { mix } from './random-order.ts';

export interface SplitOptions {
  /** Share of documents that go to validation, in [0, 1). */
  readonly validationFraction: number;
  readonly seed?: number;
}

/**
 * Whether a document belongs to validation: a function of its id and the seed alone, so that it stays on its side when
 * documents are added, dropped or put in another order.
 */
export function isValidation(id: string, { validationFraction, seed = 0 }: SplitOptions): boolean {
  if (!(validationFraction >= 0 && validationFraction < 1)) throw new RangeError(`splitDocuments: expected validationFraction from 0 to below 1 but found ${validationFraction}.`);
  let hash = mix(seed);
  for (let i = 0; i < id.length; i++) hash = mix(Math.imul(hash, 31) + id.charCodeAt(i));
  return hash / 2 ** 32 < validationFraction;
}

/**
 * Documents divided into training and validation by a hash of their ids.
 *
 * @throws RangeError where validation was asked for and either side stays empty.
 *
 * @example
 * ```ts
 * import { splitDocuments } from '@llm/pretrain';
 * const documents = Array.from({ length: 1000 }, (_, i) => ({ id: `page-${i}` }));
 * const { train, validation } = splitDocuments(documents, { validationFraction: 0.1 });
 * if (train.length + validation.length !== 1000 || validation.length < 60) throw new Error('uneven');
 * ```
 */
export function splitDocuments<T extends { readonly id: string }>(documents: Iterable<T>, options: SplitOptions): { train: T[]; validation: T[] } {
  const train: T[] = [];
  const validation: T[] = [];
  for (const document of documents) (isValidation(document.id, options) ? validation : train).push(document);
  const count = train.length + validation.length;
  if (count === 0) throw new RangeError('splitDocuments: expected documents but found none. Check the input files and the filters.');
  if (options.validationFraction > 0 && (validation.length === 0 || train.length === 0)) {
    const empty = train.length === 0 ? 'training' : 'validation';
    throw new RangeError(
      `splitDocuments: expected both sides to get documents but found none for ${empty} among ${count}. `
      + 'Use more or smaller documents, another validationFraction, or another seed.',
    );
  }
  return { train, validation };
}
