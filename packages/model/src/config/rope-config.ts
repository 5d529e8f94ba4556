import { ModelError, shown } from '../errors.ts';
import type { RopeScaling } from '../layers/rotation.ts';
import type { Fields } from './fields.ts';

/** The base of the rotary frequencies and how they are scaled. */
export interface RopeConfig {
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
}

const REMEDY = 'Supported are default, linear and llama3; use a checkpoint with one of these.';

/**
 * Reads rotary settings in both styles: `rope_parameters` with everything in it, or `rope_theta` beside `rope_scaling`
 * (whose type may be called `type`). Where a file has both, `rope_scaling` counts, as in transformers.
 * `theta` is what the family takes where the file says none.
 */
export function readRope(config: Fields, { theta = 10_000 }: { theta?: number } = {}): RopeConfig {
  const rope = config.nested('rope_scaling') ?? config.nested('rope_parameters');
  const outer = config.number('rope_theta', { ...THETA, fallback: theta });
  config.only('partial_rotary_factor', 1, 'Rotating only a part of each head is not supported.');
  config.only('rope_interleaved', false, 'Interleaved rotation is not supported in config.json.');
  return readRopeOf(rope, outer);
}

const THETA = { above: 0, max: 1e12 };

/** Reads one set of rotary parameters; `outer` stands in for an absent rope_theta. */
export function readRopeOf(rope: Fields | undefined, outer: number): RopeConfig {
  if (rope === undefined) return { ropeTheta: outer, ropeScaling: { type: 'default' } };
  const ropeTheta = rope.number('rope_theta', { ...THETA, fallback: outer });
  rope.only('partial_rotary_factor', 1, 'Rotating only a part of each head is not supported.');
  const type = rope.text('rope_type', rope.text('type', 'default'));
  if (type === 'default') {
    for (const key of ['full_attention', 'sliding_attention']) {
      if (rope.has(key)) throw new ModelError('E_ROPE', `readConfig: expected one set of rope parameters but found one per layer type (${key}). ${REMEDY}`);
    }
    return { ropeTheta, ropeScaling: { type } };
  }
  const factor = (): number => rope.number('factor', { min: 1, max: 1e6 });
  if (type === 'linear') return { ropeTheta, ropeScaling: { type, factor: factor() } };
  if (type !== 'llama3') throw new ModelError('E_ROPE', `readConfig: expected a supported rope_type but found ${shown(type)}. ${REMEDY}`);
  const lowFreqFactor = rope.number('low_freq_factor', { above: 0, max: 1e6 });
  const highFreqFactor = rope.number('high_freq_factor', { above: 0, max: 1e6 });
  if (highFreqFactor <= lowFreqFactor) rope.fail('high_freq_factor', `above low_freq_factor ${lowFreqFactor}`);
  const originalMaxPositions = rope.integer('original_max_position_embeddings', { max: 2 ** 27 });
  return { ropeTheta, ropeScaling: { type, factor: factor(), lowFreqFactor, highFreqFactor, originalMaxPositions } };
}

/** The same settings in both styles, so that old and new readers find their own. */
export function writeRope({ ropeTheta, ropeScaling }: RopeConfig): Record<string, unknown> {
  const scaling = scalingKeys(ropeScaling);
  return {
    rope_parameters: { rope_theta: ropeTheta, ...scaling },
    rope_scaling: ropeScaling.type === 'default' ? null : scaling,
    rope_theta: ropeTheta,
  };
}

/** The keys of one set of rotary parameters, without the base. */
export function scalingKeys(scaling: RopeScaling): Record<string, unknown> {
  if (scaling.type === 'default') return { rope_type: 'default' };
  if (scaling.type === 'linear') return { rope_type: 'linear', factor: scaling.factor };
  return {
    rope_type: 'llama3',
    factor: scaling.factor,
    low_freq_factor: scaling.lowFreqFactor,
    high_freq_factor: scaling.highFreqFactor,
    original_max_position_embeddings: scaling.originalMaxPositions,
  };
}
