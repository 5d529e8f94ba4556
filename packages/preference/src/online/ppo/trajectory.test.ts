// Twelve steps of PPO on the tiny Llama, from the completions, scores and mini-batches of TRL's trainer, against its losses.
import { readFileSync } from 'node:fs';
import { createModel, type Model, paramsFromTensors } from '@llm/model';
import { flatten, overwrite, readSafetensors, type Tensor, type Tree, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { beforeAll, expect, test } from 'vitest';
import { type HeadedModel, withHead } from '../../reward-model/with-head.ts';
import { completionRows } from '../policy-batch.ts';
import type { Round } from '../round.ts';
import { scoreTokens } from '../token-log-probs.ts';
import { type PpoBatch, ppoBatch } from './ppo-batch.ts';
import { ppoLoss, type PpoLossOptions, type PpoParams } from './ppo-loss.ts';
import { k1, k3, ppoSamples, type PpoSamplesOptions } from './ppo-samples.ts';
import { tokenValues } from './token-values.ts';

interface StoredRound { readonly prompts: number[][]; readonly responses: number[][]; readonly permutations: number[][]; readonly scores: number[]; readonly advantages: number[][] }
interface StoredRun { readonly rounds: StoredRound[]; readonly losses: number[]; readonly final_norm: number[]; readonly final_score: number[] }
interface Stored {
  readonly lr: number; readonly end_factor: number; readonly mini_batches: number; readonly temperature: number; readonly value_head: number[][];
  readonly plain: StoredRun; readonly k3: StoredRun;
}
const stored = JSON.parse(readFileSync(new URL('../../../fixtures/ppo-trajectory.json', import.meta.url), 'utf8')) as Stored;
const golden = new URL('../../../../../tests/golden/models/llama/', import.meta.url);
const END = 2;
// TRL divides by the temperature plus this.
const temperature = stored.temperature + 1e-7;

let model: Model;
let valueModel: HeadedModel;
beforeAll(async () => {
  await useDevice('wasm', { threads: 2 });
  model = createModel(JSON.parse(readFileSync(new URL('config.json', golden), 'utf8')) as Record<string, unknown>);
  valueModel = withHead(model);
});

function load(): Tree {
  const params = paramsFromTensors(model, readSafetensors(readFileSync(new URL('model.safetensors', golden))).tensors);
  return params;
}
/** The policy of the fixture, which ends more often. */
function policy(): Tree {
  const params = load();
  const head = flatten(params)['lm_head.weight']!;
  const width = head.shape[1]!;
  overwrite(head, (head.dataSync() as Float32Array).map((value, i) => (Math.floor(i / width) === END ? value * stored.end_factor : value)));
  return params;
}
function valueParams(): Tree {
  const params = valueModel.from(load(), { seed: 0 });
  overwrite(flatten(params)['score.weight']!, Float32Array.from(stored.value_head.flat()));
  return params;
}
const read = async (made: Tensor): Promise<Float32Array> => {
  const values = await made.data() as Float32Array;
  made.dispose();
  return values;
};

function roundOf({ prompts, responses }: StoredRound): Pick<Round, 'groups'> {
  return {
    groups: prompts.map((ids, i) => {
      const end = responses[i]!.indexOf(END);
      const own = Int32Array.from(end < 0 ? responses[i]! : responses[i]!.slice(0, end + 1));
      return { prompt: { ids }, completions: [{ ids: own, logProbs: new Float32Array(own.length), reason: end < 0 ? 'length' : 'eos' }] };
    }),
  };
}

test.each<[('plain' | 'k3'), Partial<PpoSamplesOptions>, PpoLossOptions]>([
  ['plain', { kl: k1 }, {}], ['k3', { kl: k3, klCoef: 0.2, gamma: 0.9, missingEndPenalty: 1 }, { clip: 0.05, valueClip: 0.02, valueCoef: 0.5 }],
])('%s: advantages, losses and the parameters at the end are TRL\'s', async (name, samplesOptions, lossOptions) => {
  const { rounds, losses, final_norm, final_score } = stored[name];
  const params: PpoParams = { policy: policy(), value: valueParams() };
  const reference = policy();
  // Some completions end early, and some do not.
  const lengths = rounds.flatMap((round) => roundOf(round).groups.map(({ completions }) => completions[0]!.ids.length));
  expect(Math.min(...lengths)).toBeLessThan(Math.max(...lengths));
  async function* batches(): AsyncGenerator<PpoBatch> {
    for (const stored of rounds) {
      const round = roundOf(stored);
      const rows = completionRows(round);
      const { logProbs } = await scoreTokens(model, params.policy, rows, { temperature });
      const { logProbs: refLogProbs } = await scoreTokens(model, reference, rows, { temperature });
      const values = await read(tokenValues(valueModel, params.value, rows));
      const samples = ppoSamples(round, { scores: stored.scores, logProbs, refLogProbs, values, ...samplesOptions });
      expectClose(samples.flatMap(({ advantages }) => [...advantages]), stored.advantages.flat(), { tolerance: 1e-4, name: 'advantages' });
      for (const order of stored.permutations) {
        for (const part of [order.slice(0, 4), order.slice(4)]) yield ppoBatch(part.map((i) => samples[i]!));
      }
    }
  }
  const found: number[] = [];
  const loss = ppoLoss({ policy: model, value: valueModel }, { temperature, ...lossOptions });
  for await (const step of train({ params, loss, batches: batches(), optimizer: adamw({ lr: stored.lr, weightDecay: 0 }), clipNorm: Infinity })) found.push(step.loss);
  expect(found).toHaveLength(12);
  expectClose(found, losses, { tolerance: 1e-4, name: 'losses' });
  expectClose(flatten(params)['policy.model.norm.weight']!.dataSync() as Float32Array, final_norm, { tolerance: 1e-4, name: 'final norm weight' });
  expectClose(flatten(params)['value.score.weight']!.dataSync() as Float32Array, final_score, { tolerance: 1e-4, name: 'final value head' });
});
