import type { Fields } from './fields.ts';

const FULL = 'full_attention';
const SLIDING = 'sliding_attention';

/** Which layers have a sliding window, as `layer_types` says; undefined where the key is absent. */
export function readLayerTypes(config: Fields, layers: number): boolean[] | undefined {
  const types = config.raw('layer_types') ?? undefined;
  if (types === undefined) return undefined;
  const known = Array.isArray(types) && types.length === layers && types.every((type) => type === FULL || type === SLIDING);
  if (!known) config.fail('layer_types', `a list of ${layers} times ${FULL} or ${SLIDING}`);
  return (types as string[]).map((type) => type === SLIDING);
}

/** The value of `layer_types`. */
export function layerTypes(sliding: readonly boolean[]): string[] {
  return sliding.map((slides) => (slides ? SLIDING : FULL));
}
