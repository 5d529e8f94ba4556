import { createModel, generate, type GenerateOptions, greedy, type Model } from '@llm/model';
import { add, mul, scope, type Tensor, tensor, type Tree, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, expect, test } from 'vitest';
import { geometricMixture } from './geometric-mixture.ts';

const model = createModel({
  model_type: 'llama', vocab_size: 40, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2,
  max_position_embeddings: 32, initializer_range: 0.5,
});
beforeAll(async () => { await useDevice('wasm', { threads: 1 }); });

async function said(of: Model, params: Tree, options: GenerateOptions): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of generate(of, params, [[1, 2, 3], [7]], { maxTokens: 6, sampler: greedy, ...options })) ids.push(id);
  return ids;
}

test('its logits are the mean of both, and through its cache it says what they say without', async () => {
  const params = { policy: model.init(1), reference: model.init(2) };
  const ids = tensor([[1, 2, 3]], undefined, 'int32');
  const logits = (of: Model, tree: Tree): Tensor => of.apply(tree, { ids });
  const expected = scope(() => add(mul(logits(model, params.policy), 0.25), mul(logits(model, params.reference), 0.75)));
  expectClose(logits(geometricMixture(model, { share: 0.75 }), params).dataSync() as Float32Array, expected.dataSync() as Float32Array, { tolerance: 1e-5 });
  // A share of 0 is the policy, of 1 the reference, token for token.
  expect(await said(geometricMixture(model, { share: 0 }), params, {})).toEqual(await said(model, params.policy, {}));
  expect(await said(geometricMixture(model, { share: 1 }), params, { samples: 2 })).toEqual(await said(model, params.reference, { samples: 2 }));
  expect(await said(model, params.policy, {})).not.toEqual(await said(model, params.reference, {}));
});

test('what is no mixture is refused', () => {
  expect(() => geometricMixture(model, { share: 2 })).toThrow('geometricMixture: expected a share in [0, 1] but found 2');
  expect(() => geometricMixture(model).head(model.init(0))).toThrow('geometricMixture: expected a tree { policy, reference } but found one without');
});
