/**
 * Every n-th layer, the first among them: what DistilBERT begins with.
 *
 *   0, n, 2n, …
 *
 * @throws RangeError for n below 1.
 *
 * @example
 * ```ts
 * import { everyNth } from '@llm/distill';
 * if (everyNth(12, 2).join() !== '0,2,4,6,8,10') throw new Error('six of twelve');
 * ```
 */
export function everyNth(layers: number, n: number): number[] {
  if (!(Number.isSafeInteger(n) && n >= 1)) throw new RangeError(`everyNth: expected n of 1 or more but found ${n}.`);
  return Array.from({ length: Math.ceil(layers / n) }, (_, i) => i * n);
}

/**
 * So many layers spread evenly, the first and the last among them.
 *
 *   round(i · (layers − 1) / (keep − 1)), for i from 0 to keep − 1
 *
 * @throws RangeError for a number to keep outside of 1 to `layers`.
 *
 * @example
 * ```ts
 * import { spreadLayers } from '@llm/distill';
 * if (spreadLayers(12, 4).join() !== '0,4,7,11' || spreadLayers(3, 1).join() !== '0') throw new Error('from end to end');
 * ```
 */
export function spreadLayers(layers: number, keep: number): number[] {
  checkKeep('spreadLayers', layers, keep);
  return Array.from({ length: keep }, (_, i) => (keep === 1 ? 0 : Math.round((i * (layers - 1)) / (keep - 1))));
}

/**
 * The first layers.
 *
 * @throws RangeError for a number to keep outside of 1 to `layers`.
 *
 * @example
 * ```ts
 * import { firstLayers } from '@llm/distill';
 * if (firstLayers(12, 3).join() !== '0,1,2') throw new Error('three');
 * ```
 */
export function firstLayers(layers: number, keep: number): number[] {
  checkKeep('firstLayers', layers, keep);
  return Array.from({ length: keep }, (_, i) => i);
}

/**
 * The last layers.
 *
 * @throws RangeError for a number to keep outside of 1 to `layers`.
 *
 * @example
 * ```ts
 * import { lastLayers } from '@llm/distill';
 * if (lastLayers(12, 3).join() !== '9,10,11') throw new Error('three');
 * ```
 */
export function lastLayers(layers: number, keep: number): number[] {
  checkKeep('lastLayers', layers, keep);
  return Array.from({ length: keep }, (_, i) => layers - keep + i);
}

function checkKeep(name: string, layers: number, keep: number): void {
  if (!(Number.isSafeInteger(keep) && keep >= 1 && keep <= layers)) throw new RangeError(`${name}: expected to keep 1 to ${layers} layers but found ${keep}.`);
}
