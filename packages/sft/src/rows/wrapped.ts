import { type Example, sliceExample } from '../examples/example.ts';
import { checkLength, type PackOptions } from './best-fit-decreasing.ts';
import type { Row } from './row.ts';

/**
 * All examples one after the other, cut every `length` tokens: every row but the last is full. Examples in one row see each other,
 * and the first token of one is a target after the last of another, as in TRL's `wrapped`: for plain text rather than for answers.
 *
 * @example
 * ```ts
 * import { plainExample, wrapped } from '@llm/sft';
 * const rows = wrapped([plainExample([1, 2, 3]), plainExample([4, 5])], { length: 4 });
 * if (rows.map(([row]) => row!.ids.join()).join(' ') !== '1,2,3,4 5') throw new Error('cut every four tokens');
 * ```
 */
export function wrapped(examples: Iterable<Example>, { length }: PackOptions): Row[] {
  checkLength(length, 'wrapped');
  const all = [...examples];
  const size = all.reduce((sum, { ids }) => sum + ids.length, 0);
  const whole: Example = { ids: new Int32Array(size), weights: new Float32Array(size) };
  let at = 0;
  for (const { ids, weights } of all) {
    whole.ids.set(ids, at);
    whole.weights.set(weights, at);
    at += ids.length;
  }
  return Array.from({ length: Math.ceil(size / length) }, (_, row) => [sliceExample(whole, row * length, Math.min((row + 1) * length, size))]);
}
