import { expect, test } from 'vitest';
import { placeOf, type Variant } from './places.ts';
import { dependenciesOf, inOrder } from './references.ts';
import type { LifecycleRecipe } from './recipe-shape.ts';

const recipe: LifecycleRecipe = {
  lifecycle: 'l', values: { seed: 0 }, steps: {
    tell: { run: 'eval', with: { run: '${train}' } },
    base: { run: 'pretrain', with: { data: ['text'] } },
    train: { run: 'sft', with: { model: '${train@previous|base}', seed: '${seed}' } },
    other: { run: 'eval', with: { run: '${base}' }, needs: ['train'] },
  },
};
const dependencies = dependenciesOf(recipe, () => 'here');

test('each comes after what it refers to, and otherwise as it was written', () => {
  expect(inOrder(dependencies)).toEqual(['base', 'train', 'tell', 'other']);
});

test.each([
  [{ trial: undefined, round: 1, tries: {} }, ['base', 'train', 'tell', 'other']],
  [{ trial: undefined, round: 3, tries: {} }, ['base', 'train-round3', 'tell-round3', 'other-round3']],
  [{ trial: 't2', round: 1, tries: {} }, ['base', 'train-t2', 'tell-t2', 'other-t2']],
  [{ trial: 't2', round: 2, tries: { train: 2, tell: 1 } }, ['base', 'train-t2-round2-try2', 'tell-t2-round2-train-try2', 'other-t2-round2-train-try2']],
  [{ trial: undefined, round: 1, tries: { base: 2 } }, ['base-try2', 'train-base-try2', 'tell-base-try2', 'other-base-try2']],
] as [Variant, string[]][])('%j: what makes no difference to a step is not in its name', (variant, places) => {
  const changed = (_: string, { values }: { values: readonly string[] }): boolean => values.includes('seed');
  expect(inOrder(dependencies).map((id) => placeOf(id, { dependencies, variant, changed }))).toEqual(places);
});
