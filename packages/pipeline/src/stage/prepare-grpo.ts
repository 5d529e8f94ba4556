import {
  byBatch, byGroup, cispo, completionRows, dapo, drGrpo, groupAdvantages, grpo, gspo, type Objective, type PolicyBatch, policyBatch, policyLoss, rewardRound, type AdvantageScale, rollouts, roundReport, scoreTokens,
  separateRows, sharedPrefix, unscaled,
} from '@llm/preference';
import { adamw, linear } from '@llm/train';
import { UsageError } from '../cli/cli-error.ts';
import { count } from '../cli/format.ts';
import { inBatches } from './in-batches.ts';
import { meanReward, type QuestionOptions, readQuestions } from './questions.ts';
import { REWARD_NAMES, rewardOf } from './rewards.ts';
import type { Stage, StageContext } from './stage.ts';
import { stageModel } from './stage-model.ts';
import type { Figures } from './stage-record.ts';

/** What the flags of learning from rewards say. */
export interface GrpoOptions extends QuestionOptions {
  readonly reward: readonly string[];
  readonly samples: number;
  readonly temperature: number;
  readonly objective: string;
  readonly scale: keyof typeof SCALES;
  readonly beta: number;
  readonly epsilon?: number | undefined;
  readonly 'epsilon-high'?: number | undefined;
  readonly layout: string;
}

/** Objectives by name. */
export const OBJECTIVES: Readonly<Record<string, (options: { epsilon?: number; epsilonHigh?: number; beta?: number; maxTokens: number }) => Objective>> = {
  dapo, grpo, dr_grpo: drGrpo, gspo, cispo: ({ epsilonHigh, beta }) => cispo({ ...(epsilonHigh === undefined ? {} : { epsilonHigh }), ...(beta === undefined ? {} : { beta }) }),
};
/** What rewards are divided by. */
export const SCALES: Readonly<Record<'group' | 'batch' | 'none', AdvantageScale>> = { group: byGroup(), batch: byBatch(), none: unscaled };

/** Group-relative policy optimisation, from its flags. */
export async function prepareGrpo(options: GrpoOptions, context: StageContext): Promise<Stage<PolicyBatch>> {
  const { io, say } = context;
  const { batch: prompts, accumulate, seed, samples, 'max-tokens': maxTokens, temperature, beta, epsilon, 'epsilon-high': epsilonHigh } = options;
  if (options.reward.length === 0) throw new UsageError(`llm grpo: expected --reward with one or more of ${REWARD_NAMES.join(', ')} or modules but found nothing.`);
  if (beta > 0 && options.lora === undefined) throw new UsageError('llm grpo: expected --lora with --beta but found none. The reference is the model without its adapter; train an adapter, or leave --beta out.');
  const functions = await Promise.all(options.reward.map((name) => rewardOf(name, { cwd: io.cwd, maxTokens })));
  const stage = await stageModel(options, context);
  const { model, params, reference, tokenizer, eosId } = stage;
  try {
    const { train, validation, hashes } = await readQuestions(options, stage, context);
    const decode = (ids: Int32Array): string => tokenizer.decode(ids, { skipSpecial: true });
    const objective = OBJECTIVES[options.objective]!({ maxTokens, ...(epsilon === undefined ? {} : { epsilon }), ...(epsilonHigh === undefined ? {} : { epsilonHigh }), ...(beta === 0 ? {} : { beta }) });
    const layout = options.layout === 'separate' ? separateRows() : sharedPrefix();
    const steps = options.steps ?? Math.max(1, Math.floor(Math.ceil(train.length / prompts) * options.epochs / accumulate));
    let latest: Figures = {};
    say(`${count(train.length)} questions to train on, ${count(validation.length)} held out; ${samples} answers each, ${prompts} questions a step.`);
    return {
      inputs: { model: stage.sha256, ...hashes },
      params, trainable: stage.trainable, steps, accumulate, clipNorm: options['clip-norm'], seed,
      loss: policyLoss(model, objective, { temperature, checkpointed: options.checkpointed }),
      async *batches(drawn) {
        let at = drawn;
        for (const asked of inBatches(train, { batch: prompts, seed, drawn })) {
          // A round is a function of the weights and its number, so that a run goes on as it would have.
          const [round] = await all(rollouts(model, params, [asked], { samples, maxTokens, temperature, eosIds: [eosId], seed: (seed * 1_000_003 + at++) >>> 0, signal: io.stop }));
          if (round === undefined) return;
          const { rewards } = await rewardRound(round, { rewards: functions, decode });
          const refLogProbs = beta > 0 ? (await scoreTokens(model, reference!, completionRows(round, { layout }), { temperature })).logProbs : undefined;
          const { reward, rewardDeviation, length, truncated, entropy, flatGroups, repetition, kl } = roundReport(round, { rewards, ...(refLogProbs === undefined ? {} : { refLogProbs }) });
          latest = { 'reward/mean': reward, 'reward/std': rewardDeviation, 'completions/length': length, 'completions/clipped': truncated, 'completions/repeated': repetition, entropy, 'groups/flat': flatGroups, ...(kl === undefined ? {} : { kl }) };
          const advantages = groupAdvantages(rewards, { samples, scale: SCALES[options.scale] });
          yield policyBatch(round, { objective, advantages, layout, ...(refLogProbs === undefined ? {} : { refLogProbs }) });
        }
      },
      optimizer: adamw({ lr: linear(options.lr ?? 1e-6, { warmupSteps: Math.min(options.warmup, steps), steps }), beta2: 0.999, weightDecay: options['weight-decay'] }),
      evalEvery: options['eval-every'] ?? Math.max(1, Math.ceil(steps / 8)), saveEvery: options['save-every'] ?? Math.max(1, Math.ceil(steps / 4)),
      evaluate: async () => ({ 'val/reward': await meanReward(validation, { stage, functions, maxTokens, temperature }) }),
      stepFigures: () => Promise.resolve(latest),
      save: stage.save,
      dispose: stage.dispose,
    };
  } catch (error) {
    stage.dispose();
    throw error;
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

