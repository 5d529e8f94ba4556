import type { ModelInputs } from '../model.ts';

type Refused = 'cache' | 'prefixes' | 'blockPositions' | 'tokenTypes';

const WHY: Readonly<Record<Refused & keyof ModelInputs, string>> = {
  cache: 'Its tokens see those after them too, so there is nothing to go on from; generate with a causal model.',
  prefixes: 'Its tokens all see each other; leave them out.',
  blockPositions: 'Only GLM has places within spans; leave them out.',
  tokenTypes: 'Only BERT and RoBERTa have kinds of text; leave them out.',
};

/** Refuses inputs that a model would pass over in silence. */
export function refuseInputs(inputs: ModelInputs, { name, unused }: { name: string; unused: readonly Refused[] }): void {
  for (const key of unused) if (inputs[key] !== undefined) throw new RangeError(`${name}: expected no ${key} but found some. ${WHY[key]}`);
}
