import { memory, overwrite, tensor, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, expect, test } from 'vitest';
import { frozenCopy } from './frozen-copy.ts';
import { adaptiveKl, fixedKl } from './kl-control.ts';
import { lastGood } from './last-good.ts';
import { syncReference } from './sync-reference.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 1 }); });

test('adaptive β moves towards the target, by no more than a fifth at a time', () => {
  const control = adaptiveKl({ beta: 1, target: 4, horizon: 10 });
  control.update({ kl: 4.4, completions: 10 });
  expect(control.beta).toBeCloseTo(1.1, 12);
  control.update({ kl: 400, completions: 10 });
  expect(control.beta).toBeCloseTo(1.1 * 1.2, 12);
  control.update({ kl: 0, completions: 5 });
  expect(control.beta).toBeCloseTo(1.1 * 1.2 * 0.9, 12);
  const fixed = fixedKl(0.3);
  fixed.update({ kl: 99, completions: 1 });
  expect(fixed.beta).toBe(0.3);
  expect(() => adaptiveKl({ target: 0 })).toThrow('adaptiveKl: expected target above 0 but found 0');
});

test('a frozen copy stays where the parameters move, keeps ties, and follows by a share', () => {
  const shared = tensor([1, 2]);
  const params = { head: shared, embed: shared, norm: tensor([4]), ids: tensor([7], [1], 'int32') };
  const before = memory().tensors;
  const reference = frozenCopy(params);
  expect(memory().tensors).toBe(before + 3);
  expect(reference.head).toBe(reference.embed);
  expect([...reference.ids.dataSync()]).toEqual([7]);
  overwrite(shared, Float32Array.of(11, 12));
  expect([...reference.head.dataSync()]).toEqual([1, 2]);
  syncReference(reference, params, { mix: 0.5 });
  expect([...reference.head.dataSync()]).toEqual([6, 7]);
  syncReference(reference, params);
  expectClose(reference.head.dataSync() as Float32Array, [9, 10], { tolerance: 1e-6 });
  expect(memory().tensors).toBe(before + 3);
  expect(() => syncReference(reference, params, { mix: 2 })).toThrow('syncReference: expected a mix in [0, 1] but found 2');
});

test('going back brings the parameters that were kept last', async () => {
  const params = { w: tensor([1, 2]), frozen: tensor([3]) };
  const good = lastGood(params, { trainable: (path) => path === 'w' });
  expect(() => good.restore()).toThrow('lastGood: expected kept parameters but found none');
  await good.keep();
  overwrite(params.w, Float32Array.of(NaN, 0));
  overwrite(params.frozen, Float32Array.of(5));
  good.restore();
  good.restore();
  expect([...params.w.dataSync(), ...params.frozen.dataSync()]).toEqual([1, 2, 5]);
});
