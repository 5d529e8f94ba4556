import type { ModelInputs } from '../model.ts';

const WHY = {
  cache: 'Its tokens see those after them too, so there is nothing to go on from; generate with a causal model.',
  prefixes: 'Its tokens all see each other; leave them out.',
  blockPositions: 'Only GLM has places within spans; leave them out.',
  tokenTypes: 'Only BERT and RoBERTa have kinds of text; leave them out.',
} as const satisfies Partial<Record<keyof ModelInputs, string>>;

/** Refuses inputs that a model would pass over in silence. */
export function refuseInputs(inputs: ModelInputs, { name, unused }: { name: string; unused: readonly (keyof typeof WHY)[] }): void {
  for (const key of unused) if (inputs[key] !== undefined) throw new RangeError(`${name}: expected no ${key} but found some. ${WHY[key]}`);
}
