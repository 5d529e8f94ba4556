import { extremesOf, NOTHING, type RangeMethod, wider } from './range.ts';

/**
 * Ranges that hold every state that was seen: nothing is cut off, and one outlier makes the steps of all the others large.
 *
 * @example
 * ```ts
 * import { minMaxRange } from '@llm/quantize';
 * const finder = minMaxRange().start();
 * finder.see(Float32Array.of(1, -2));
 * if (finder.range().min !== -2) throw new Error('the least');
 * ```
 */
export function minMaxRange(): RangeMethod {
  return {
    name: 'min-max',
    start() {
      let range = NOTHING;
      return { see: (values) => { range = wider(range, extremesOf(values)); }, range: () => range };
    },
  };
}
