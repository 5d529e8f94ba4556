// Ten steps of GRPO on the tiny Llama, from the completions that TRL sampled, against TRL's own losses and gradient norms.
import { readFileSync } from 'node:fs';
import { createModel, type Model, paramsFromTensors } from '@llm/model';
import { disposeTree, flatten, readSafetensors, type Tree, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { beforeAll, describe, expect, test } from 'vitest';
import { type RowLayout, separateRows, sharedPrefix } from '../offline/layouts.ts';
import { groupAdvantages } from './advantages/group-advantages.ts';
import { byBatch, byGroup } from './advantages/advantage-scale.ts';
import type { Objective } from './objective.ts';
import { dapo } from './objectives/dapo.ts';
import { grpo } from './objectives/grpo.ts';
import { completionRows, type PolicyBatch, policyBatch } from './policy-batch.ts';
import { policyLoss } from './policy-loss.ts';
import type { Group } from './round.ts';
import { scoreTokens } from './token-log-probs.ts';

interface StoredRound {
  readonly prompts: number[][];
  readonly completions: number[][];
  readonly rewards: (number | null)[][];
  readonly advantages: number[];
  readonly old_per_token_logps: number[][];
  readonly ref_per_token_logps: number[][];
}
interface StoredRun { readonly rounds: StoredRound[]; readonly losses: number[]; readonly grad_norms: number[]; readonly final_norm: number[] }
interface Stored { readonly temperature: number; readonly lr: number; readonly samples: number; readonly dapo: StoredRun; readonly grpo: StoredRun }

const stored = JSON.parse(readFileSync(new URL('../../fixtures/grpo-trajectory.json', import.meta.url), 'utf8')) as Stored;
const golden = new URL('../../../../tests/golden/models/llama/', import.meta.url);
const { temperature, samples } = stored;

let model: Model;
let load: () => Tree;
beforeAll(async () => {
  await useDevice('wasm', { threads: 2 });
  model = createModel(JSON.parse(readFileSync(new URL('config.json', golden), 'utf8')) as Record<string, unknown>);
  load = () => paramsFromTensors(model, readSafetensors(readFileSync(new URL('model.safetensors', golden))).tensors);
});

function groupsOf({ prompts, completions }: StoredRound): Group[] {
  return Array.from({ length: prompts.length / samples }, (_, i): Group => ({
    prompt: { ids: prompts[i * samples]! },
    completions: completions.slice(i * samples, (i + 1) * samples).map((ids) => ({ ids: Int32Array.from(ids), logProbs: new Float32Array(ids.length), reason: 'eos' })),
  }));
}

const cases: [keyof Stored & ('dapo' | 'grpo'), Objective, typeof byGroup][] = [
  ['dapo', dapo({ beta: 0.04, epsilon: 0.1, epsilonHigh: 0.15 }), byGroup], ['grpo', grpo({ beta: 0.04 }), byBatch],
];

describe.each(cases)('%s', (name, objective, scale) => {
  const { rounds, losses, grad_norms, final_norm } = stored[name];

  test.each<[string, RowLayout]>([['separate rows', separateRows()], ['shared prefixes', sharedPrefix()]])('ten steps are TRL\'s, from %s', async (_, layout) => {
    const params = load();
    const reference = load();
    async function* batches(): AsyncGenerator<PolicyBatch> {
      for (const round of rounds) {
        const groups = groupsOf(round);
        const rows = completionRows({ groups }, { layout });
        const oldLogProbs = (await scoreTokens(model, params, rows, { temperature })).logProbs;
        const refLogProbs = (await scoreTokens(model, reference, rows, { temperature })).logProbs;
        const rewards = round.rewards.map(([low, brief]) => low! + 0.5 * (brief ?? 0));
        const advantages = groupAdvantages(rewards, { samples, scale: scale() });
        expectClose(advantages, round.advantages, { tolerance: 1e-5, name: 'advantages' });
        expectClose(oldLogProbs, round.old_per_token_logps.flat(), { tolerance: 1e-4, name: 'old log-probabilities' });
        expectClose(refLogProbs, round.ref_per_token_logps.flat(), { tolerance: 1e-4, name: 'reference log-probabilities' });
        const batch = policyBatch({ groups }, { objective, layout, advantages, oldLogProbs, refLogProbs });
        yield batch;
        yield batch;
      }
    }
    const found: { loss: number; gradNorm: number }[] = [];
    const optimizer = adamw({ lr: stored.lr, weightDecay: 0 });
    for await (const step of train({ params, loss: policyLoss(model, objective, { temperature }), batches: batches(), optimizer })) found.push(step);
    expect(found).toHaveLength(10);
    expectClose(found.map(({ loss }) => loss), losses, { tolerance: 1e-4, name: 'losses' });
    expectClose(found.map(({ gradNorm }) => gradNorm), grad_norms, { tolerance: 1e-4, name: 'gradient norms' });
    expectClose(flatten(params)['model.norm.weight']!.dataSync() as Float32Array, final_norm, { tolerance: 1e-4, name: 'final norm weight' });
    disposeTree(params);
    disposeTree(reference);
  });
});
