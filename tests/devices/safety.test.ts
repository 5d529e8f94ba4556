import { evaluateCore, tokenScorer } from '@llm/eval';
import { askedDevices } from '@llm/kernels';
import { createModel } from '@llm/model';
import { exampleRequests, hiddenClassifier, textClassifier } from '@llm/safety';
import { disposeTree, memory, type Tree, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { describe, expect, test } from 'vitest';

const labels = ['threat', 'intrusion', 'fraud', 'stalking'];
const requests = exampleRequests({ count: 8, part: 'train' });
const model = createModel({ model_type: 'gpt2', vocab_size: 128, n_positions: 96, n_embd: 16, n_head: 2, n_layer: 1 });
const encode = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0) & 127);

/** Losses of a few steps of both classifiers, and what they then say of a text. */
async function run(device: 'wasm' | 'webgpu', { compile = false }: { compile?: boolean } = {}): Promise<number[]> {
  await useDevice(device);
  const before = memory().tensors;
  const found: number[] = [];
  const words = textClassifier({ labels, buckets: 512 });
  const weights = words.init();
  for await (const { loss, gradNorm } of train({ params: weights, loss: words.loss, batches: Array.from({ length: 3 }, () => words.batch(requests)), optimizer: adamw({ lr: 0.02 }), compile })) found.push(loss, gradNorm);
  found.push((await (await words.classifier(weights))('Scare my boss.')).harm);
  const probe = hiddenClassifier(model, { labels, encode });
  const params: Tree = probe.init(model.init(1), { seed: 2 });
  const batches = Array.from({ length: 3 }, () => probe.batch(requests));
  for await (const { loss } of train({ params, loss: probe.loss, batches, optimizer: adamw({ lr: 0.02 }), trainable: (path) => path.startsWith('head.'), compile })) found.push(loss);
  found.push((await probe.classifier(params)('Scare my boss.')).harm);
  disposeTree(weights);
  disposeTree(params);
  expect(memory().tensors - before).toBeLessThanOrEqual(2);
  return found;
}

/** Log-likelihoods as CORE asks for them. */
async function core(device: 'wasm' | 'webgpu'): Promise<number[]> {
  await useDevice(device);
  const params = model.init(3);
  const score = tokenScorer(model, params);
  const found: number[] = [];
  const items = [{ query: 'It rained', choices: ['so it was wet', 'so it sang', 'and'], gold: 0 }, { query: 'It shone', choices: ['all day', 'never', 'twice'], gold: 2 }];
  await evaluateCore([{ task: { label: 't', file: '', kind: 'multiple_choice', shots: 1, delimiter: ' ', chance: 0 }, items }], {
    encode, bosId: 1, score: async (pairs) => {
      const answers = await score(pairs);
      found.push(...answers.map(({ logprob }) => logprob));
      return answers;
    },
  });
  disposeTree(params);
  return found;
}

describe.runIf(askedDevices().includes('webgpu'))('classifiers and CORE on a graphics card', () => {
  test('the numbers of wasm, recorded or not', async () => {
    const expected = await run('wasm');
    expectClose(await run('webgpu'), expected, { tolerance: 1e-3 });
    expectClose(await run('webgpu', { compile: true }), expected, { tolerance: 1e-3 });
    expectClose(await core('webgpu'), await core('wasm'), { tolerance: 1e-3 });
  });
});
