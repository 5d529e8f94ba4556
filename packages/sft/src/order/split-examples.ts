import type { RawExample } from '../formats/raw-example.ts';
import { SftError } from '../sft-error.ts';
import { mix } from './shuffled.ts';

export interface SplitOptions {
  /** Share of the examples that go to validation, in (0, 1). */
  readonly validationFraction: number;
  readonly seed?: number;
}

/**
 * Examples divided into training and validation by a hash of their contents: each keeps its side whatever else there is, and
 * what is written twice cannot be on both.
 *
 * @throws RangeError for a share that is none, SftError E_EMPTY where either side stays empty.
 *
 * @example
 * ```ts
 * import { readExample, splitExamples } from '@llm/sft';
 * const examples = Array.from({ length: 500 }, (_, i) => readExample({ text: `number ${i}` }));
 * const { train, validation } = splitExamples(examples, { validationFraction: 0.1 });
 * if (train.length + validation.length !== 500 || validation.length < 25) throw new Error('uneven');
 * ```
 */
export function splitExamples(examples: Iterable<RawExample>, { validationFraction, seed = 0 }: SplitOptions): { train: RawExample[]; validation: RawExample[] } {
  if (!(validationFraction > 0 && validationFraction < 1)) throw new RangeError(`splitExamples: expected validationFraction between 0 and 1 but found ${validationFraction}.`);
  const train: RawExample[] = [];
  const validation: RawExample[] = [];
  for (const example of examples) {
    const text = JSON.stringify([example.prompt ?? null, example.completion]);
    let hash = mix(seed);
    for (let i = 0; i < text.length; i++) hash = mix(Math.imul(hash, 31) + text.charCodeAt(i));
    (hash / 2 ** 32 < validationFraction ? validation : train).push(example);
  }
  if (train.length === 0 || validation.length === 0) {
    throw new SftError('E_EMPTY', `splitExamples: expected both sides to get examples but found none for ${train.length === 0 ? 'training' : 'validation'} among ${train.length + validation.length}. Use more examples, another validationFraction, or another seed`);
  }
  return { train, validation };
}
