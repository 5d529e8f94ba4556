import { readFileSync } from 'node:fs';
import { useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../config/config.ts';
import { frequencies, rotation, type RopeScaling } from './rotation.ts';

interface Case { width: number; max_position_embeddings: number; rope_parameters: { rope_type: string }; inv_freq: number[]; attention_scaling: number }
const CASES = Object.entries(JSON.parse(readFileSync(new URL('../../../../tests/golden/ops/rope_frequencies.json', import.meta.url), 'utf8')) as Record<string, Case>);
const supported = ({ rope_parameters }: Case): boolean => ['default', 'linear', 'llama3'].includes(rope_parameters.rope_type);

function configOf({ width, rope_parameters, max_position_embeddings }: Case): ReturnType<typeof readConfig> {
  return readConfig({
    model_type: 'llama', vocab_size: 8, hidden_size: width, intermediate_size: 8, num_hidden_layers: 1, num_attention_heads: 1, head_dim: width,
    max_position_embeddings, rope_parameters,
  });
}

beforeAll(async () => {
  await useDevice();
});

describe('frequencies', () => {
  test.each(CASES.filter(([, found]) => supported(found)))('%s as transformers has them', (_, found) => {
    const config = configOf(found) as { headDim: number; ropeTheta: number; ropeScaling: RopeScaling };
    const ours = frequencies({ headDim: config.headDim, theta: config.ropeTheta, scaling: config.ropeScaling });
    // Theirs are rounded to 32 bits on the way: some parts in 10⁷.
    ours.forEach((frequency, i) => expect(Math.abs(frequency / found.inv_freq[i]! - 1)).toBeLessThan(1e-6));
    expect(ours).toHaveLength(found.inv_freq.length);
  });

  test.each(CASES.filter(([, found]) => !supported(found)))('%s is refused, not read as something else', (_, found) => {
    expect(() => configOf(found)).toThrow(expect.objectContaining({ code: 'E_ROPE' }));
  });

  test('llama3 keeps short waves, divides long ones, and is continuous between', () => {
    const scaling: RopeScaling = { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 128 };
    const plain = frequencies({ headDim: 64, theta: 10_000 });
    frequencies({ headDim: 64, theta: 10_000, scaling }).forEach((frequency, i) => {
      const wavelength = (2 * Math.PI) / plain[i]!;
      if (wavelength < 32) expect(frequency).toBe(plain[i]);
      else if (wavelength > 128) expect(frequency).toBe(plain[i]! / 8);
      else expect(frequency).toBeGreaterThan(plain[i]! / 8);
    });
  });
});

test('tables are cos and sin of position · frequency', () => {
  const { cos, sin } = rotation({ headDim: 4, positions: 3, theta: 100 });
  // Frequencies 1 and 100^(−2/4) = 0.1.
  const angles = [0, 0, 1, 0.1, 2, 0.2];
  expectClose(cos.dataSync(), angles.map(Math.cos), { tolerance: 1e-6 });
  expectClose(sin.dataSync(), angles.map(Math.sin), { tolerance: 1e-6 });
  cos.dispose();
  sin.dispose();
});
