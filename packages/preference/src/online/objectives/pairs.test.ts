import { readFileSync } from 'node:fs';
import { type Tensor, tensor, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, expect, test } from 'vitest';
import type { Objective } from '../objective.ts';
import type { PolicyBatch } from '../policy-batch.ts';
import { policyBatch } from '../policy-batch.ts';
import { objectiveLoss } from '../policy-loss.ts';
import { nashMd } from './nash-md.ts';
import { onlineDpo } from './online-dpo.ts';
import { xpo } from './xpo.ts';

interface Stored {
  readonly lengths: number[]; readonly log_probs: number[]; readonly ref_log_probs: number[]; readonly first_wins: boolean[]; readonly probability: number[];
  readonly cases: Record<string, { readonly loss: number; readonly gradient: number[] }>;
}
const { lengths, log_probs: stored, ref_log_probs, first_wins, probability, cases } = JSON.parse(readFileSync(new URL('../../../fixtures/online-losses.json', import.meta.url), 'utf8')) as Stored;

beforeAll(async () => { await useDevice('wasm', { threads: 1 }); });

function batchFor(objective: Objective, advantages: number[], keep: (sequence: number) => boolean = () => true): { batch: PolicyBatch; tokens: number[] } {
  const kept = lengths.map((length, i) => ({ length, i })).filter(({ i }) => keep(i));
  const tokens = lengths.flatMap((length, i) => Array.from({ length }, () => keep(i))).flatMap((keep, token) => (keep ? [token] : []));
  const groups = kept.map(({ length }) => ({ prompt: { ids: [1] }, completions: [{ ids: new Int32Array(length), logProbs: new Float32Array(length), reason: 'eos' as const }] }));
  return { tokens, batch: policyBatch({ groups }, { objective, advantages, refLogProbs: tokens.map((token) => ref_log_probs[token]!) }) };
}
function run(objective: Objective, { batch, tokens }: ReturnType<typeof batchFor>): { loss: number; gradient: number[] } {
  const at = tokens.map((token) => stored[token]!);
  const { value, grads } = valueAndGrad(({ logProbs }: { logProbs: Tensor }) => objectiveLoss(objective, { batch, logProbs }, batch.targetCount))({ logProbs: tensor(at) });
  const all = stored.map(() => 0);
  grads.logProbs!.dataSync().forEach((slope, i) => { all[tokens[i]!] = slope; });
  return { loss: value.dataSync()[0]!, gradient: all };
}
const signs = first_wins.flatMap((first) => (first ? [1, -1] : [-1, 1]));

test.each<[string, Objective]>([['online_dpo', onlineDpo()], ['xpo', xpo({ alpha: 0.3 })]])('%s: value and gradient are TRL\'s', (name, objective) => {
  const { loss, gradient } = run(objective, batchFor(objective, signs));
  expectClose([loss], [cases[name]!.loss], { tolerance: 1e-6 });
  expectClose(gradient, cases[name]!.gradient, { tolerance: 1e-6 });
});

test('nash_md: value and gradient are TRL\'s', () => {
  const objective = nashMd();
  const { loss, gradient } = run(objective, batchFor(objective, probability.map((p) => p - 0.5), (sequence) => sequence % 2 === 0));
  expectClose([loss], [cases.nash_md!.loss], { tolerance: 1e-6 });
  expectClose(gradient, cases.nash_md!.gradient, { tolerance: 1e-6 });
});

test('swapping who wins negates the margin, and pairs without a winner are refused', () => {
  const objective = onlineDpo({ beta: 1 });
  const { gradient } = run(objective, batchFor(objective, signs));
  const other = run(objective, batchFor(objective, signs.map((sign) => -sign))).gradient;
  gradient.forEach((slope, i) => expect(Math.sign(slope)).toBe(-Math.sign(other[i]!)));
  expect(() => run(objective, batchFor(objective, [1, 1, 1, -1, 1, -1]))).toThrow('onlineDpo: expected advantages of 1 and −1 for the better and the worse of two completions but found 1 and 1 in pair 0');
});
