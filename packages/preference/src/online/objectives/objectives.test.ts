import { readFileSync } from 'node:fs';
import { type Tensor, tensor, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Objective } from '../objective.ts';
import type { PolicyBatch } from '../policy-batch.ts';
import { objectiveLoss } from '../policy-loss.ts';
import { topEntropyTokens } from '../top-entropy-tokens.ts';
import { bnpo } from './bnpo.ts';
import { cispo } from './cispo.ts';
import { dapo } from './dapo.ts';
import { drGrpo } from './dr-grpo.ts';
import { gmpo } from './gmpo.ts';
import { grpo } from './grpo.ts';
import { gspo } from './gspo.ts';
import { luspo } from './luspo.ts';
import { reinforce } from './reinforce.ts';
import { rloo } from './rloo.ts';
import { sapo } from './sapo.ts';
import { vespo } from './vespo.ts';

interface Stored {
  readonly lengths: number[];
  readonly advantages: number[];
  readonly log_probs: number[];
  readonly old_log_probs: number[];
  readonly ref_log_probs: number[];
  readonly entropies: number[];
  readonly importance: number[];
  readonly 'entropy_mask_0.4': number[];
  readonly max_completion_length: number;
  readonly cases: Record<string, { readonly loss: number; readonly gradient: number[] }>;
}
const stored = JSON.parse(readFileSync(new URL('../../../fixtures/grpo-losses.json', import.meta.url), 'utf8')) as Stored;
const { lengths, cases } = stored;
const sequenceOf = Int32Array.from(lengths.flatMap((length, i) => Array.from({ length }, () => i)));
const tokens = sequenceOf.length;

/** A batch of which only the numbers matter. */
function batchFor({ counts }: Objective, more: Partial<PolicyBatch> = {}): PolicyBatch {
  const none = new Int32Array(0);
  return {
    rows: 0, length: 0, ids: none, positions: none, segments: none, packed: false, restarts: false, places: none, ends: none, completions: lengths.length,
    members: none, weights: new Float32Array(0), longest: 0, targets: new Int32Array(tokens), sequenceOf, tokenCounts: Float32Array.from(lengths), counts,
    targetCount: { tokens, sequences: lengths.length, pairs: lengths.length / 2, batches: 1 }[counts],
    advantages: Float32Array.from(sequenceOf, (i) => stored.advantages[i]!),
    oldLogProbs: Float32Array.from(stored.old_log_probs), refLogProbs: Float32Array.from(stored.ref_log_probs), ...more,
  };
}

function run(objective: Objective, batch: PolicyBatch): { loss: number; gradient: Float32Array } {
  const { value, grads } = valueAndGrad(({ logProbs }: { logProbs: Tensor }) => objectiveLoss(objective, { batch, logProbs }, batch.targetCount))({ logProbs: tensor(stored.log_probs) });
  return { loss: value.dataSync()[0]!, gradient: grads.logProbs!.dataSync() as Float32Array };
}

beforeAll(async () => { await useDevice('wasm', { threads: 1 }); });

const importance = { correction: Float32Array.from(stored.importance) };
const factors = topEntropyTokens(stored.entropies, 0.4);
const plain: [string, Objective, Partial<PolicyBatch>?][] = [
  ['dapo', dapo()], ['dapo-epsilons', dapo({ epsilonHigh: 0.28, delta: 1.3 })], ['dapo-kl', dapo({ beta: 0.1 })],
  ['dapo-plain-kl', dapo({ beta: 0.1, correctedKl: false })], ['dapo-off-policy', dapo({ offPolicyLimit: 0.05 })],
  ['dapo-entropy', dapo({ beta: 0.1 }), { factors }], ['dapo-importance', dapo(), importance],
  ['grpo', grpo({ beta: 0.05 })], ['bnpo', bnpo()], ['dr_grpo', drGrpo({ maxTokens: stored.max_completion_length })],
  ['cispo', cispo({ ratioMax: 1.1 })], ['sapo', sapo()], ['vespo', vespo()], ['vespo-importance', vespo(), importance],
  ['gspo', gspo({ epsilon: 0.03, epsilonHigh: 0.04 })], ['luspo', luspo({ epsilon: 0.05 })],
  ['gmpo', gmpo({ epsilon: 0.1, epsilonHigh: 0.15, beta: 0.05 })], ['rloo', rloo()],
];

describe('value and gradient are TRL\'s on fixed log-probabilities', () => {
  test.each(plain)('%s', (name, objective, more = {}) => {
    const { loss, gradient } = run(objective, batchFor(objective, more));
    expectClose([loss], [cases[name]!.loss], { tolerance: 1e-6, name });
    expectClose(gradient, cases[name]!.gradient, { tolerance: 1e-6, name });
    // A case whose gradient vanishes would compare nothing.
    expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(1e-3);
  });

  test('without old log-probabilities the ratio is 1, and has the gradient of ln π', () => {
    const { oldLogProbs, ...batch } = batchFor(dapo());
    expect(oldLogProbs).toBeDefined();
    const { loss, gradient } = run(dapo(), batch);
    expectClose([loss], [cases['dapo-on-policy']!.loss], { tolerance: 1e-6 });
    expectClose(gradient, cases['dapo-on-policy']!.gradient, { tolerance: 1e-6 });
    // So is plain REINFORCE.
    expectClose(run(reinforce(), batch).gradient, gradient, { tolerance: 1e-6 });
  });

  test('every case of the fixture is compared', () => {
    expect([...plain.map(([name]) => name), 'dapo-on-policy'].sort()).toEqual(Object.keys(cases).sort());
  });
});

test('the tokens of highest entropy are TRL\'s', () => {
  expect([...factors]).toEqual(stored['entropy_mask_0.4']);
});

test('a batch for another count is refused, and so is a divergence without a reference', () => {
  expect(() => run(grpo(), batchFor(dapo()))).toThrow('policyLoss: expected a batch that counts sequences, as grpo does, but found one that counts tokens. Give policyBatch the same objective.');
  const { refLogProbs, ...batch } = batchFor(dapo());
  expect(refLogProbs).toBeDefined();
  expect(() => run(dapo({ beta: 0.1 }), batch)).toThrow('dapo: expected the log-probabilities of the reference model, as beta is 0.1, but found none');
});
