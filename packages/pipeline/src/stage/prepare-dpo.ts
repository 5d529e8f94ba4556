import {
  aot, aotUnpaired, apoDown, apoZero, bcoPair, cpo, discopop, dpo, evaluatePairs, exoPair, hinge, ipo, ncaPair, orpo, type PairBatch, pairBatch, type PairLoss, precomputeReference, type PreferenceExample, preferenceLoss,
  robust, separateRows, sft, sharedPrefix, sigmoidNorm, simpo, sppoHard, watchPairs,
} from '@llm/preference';
import { adamw, linear } from '@llm/train';
import type { StageOptions } from '../commands/stage-args.ts';
import { inBatches, onceInBatches } from './in-batches.ts';
import { judged, type Judging, questionOf } from './questions.ts';
import { preferenceTokenizer, readPairs } from './read-pairs.ts';
import { rewardOf } from './rewards.ts';
import type { Stage, StageContext } from './stage.ts';
import { stageModel } from './stage-model.ts';

/** What the flags of preference optimisation say. */
export interface DpoOptions extends StageOptions {
  readonly loss: string;
  readonly beta?: number | undefined;
  readonly gamma?: number | undefined;
  readonly 'label-smoothing'?: number | undefined;
  readonly layout: string;
  readonly judge: readonly string[];
  readonly 'max-tokens': number;
  readonly 'eval-questions': number;
}

interface LossFlags {
  readonly beta?: number;
  readonly labelSmoothing?: number;
  readonly gamma?: number;
}

/** Losses by the names that TRL has for them. */
export const PAIR_LOSSES: Readonly<Record<string, (flags: LossFlags) => PairLoss>> = {
  sigmoid: dpo, hinge, ipo, exo_pair: exoPair, nca_pair: ncaPair, robust, bco_pair: bcoPair, sppo_hard: sppoHard, aot, aot_unpaired: aotUnpaired,
  apo_zero: apoZero, apo_down: apoDown, discopop, sft: () => sft(), sigmoid_norm: sigmoidNorm, simpo, cpo, orpo,
};
/** These compare with no reference. */
const REFERENCE_FREE = new Set(['simpo', 'cpo', 'orpo', 'sft']);

/** Direct preference optimisation and its kin, from their flags. */
export async function prepareDpo(options: DpoOptions, context: StageContext): Promise<Stage<PairBatch>> {
  const functions = await Promise.all(options.judge.map((each) => rewardOf(each, { cwd: context.io.cwd, maxTokens: options['max-tokens'] })));
  const stage = await stageModel(options, context);
  const { model, params, reference } = stage;
  const { batch, accumulate, seed, loss: name, beta, gamma, 'label-smoothing': labelSmoothing } = options;
  try {
    const pairs = await readPairs(options, stage, context);
    const layout = options.layout === 'separate' ? separateRows() : sharedPrefix();
    // Once for all steps: the parameters are still those of the reference.
    const scored = REFERENCE_FREE.has(name) ? pairs : {
      train: await precomputeReference(model, reference ?? params, { pairs: pairs.train, layout }), validation: await precomputeReference(model, reference ?? params, { pairs: pairs.validation, layout }),
    };
    const loss = PAIR_LOSSES[name]!({ ...(beta === undefined ? {} : { beta }), ...(gamma === undefined ? {} : { gamma }), ...(labelSmoothing === undefined ? {} : { labelSmoothing }) });
    const batched = { layout, prompts: name === 'orpo' };
    const steps = options.steps ?? Math.max(1, Math.floor(Math.ceil(scored.train.length / batch) * options.epochs / accumulate));
    const wins = functions.length === 0 ? undefined : await winRate(pairs.held, { stage, functions, options });
    const watch = watchPairs({ ...(beta === undefined ? {} : { beta }), batches: accumulate });
    return {
      inputs: { model: stage.sha256, ...pairs.hashes },
      params, trainable: stage.trainable, steps, accumulate, clipNorm: options['clip-norm'], seed,
      loss: preferenceLoss(model, { loss, checkpointed: options.checkpointed, capture: watch.capture }),
      *batches(drawn) { for (const some of inBatches(scored.train, { batch, seed, drawn })) yield pairBatch(some, batched); },
      optimizer: adamw({ lr: linear(options.lr ?? 1e-6, { warmupSteps: Math.min(options.warmup, steps), steps }), beta2: 0.999, weightDecay: options['weight-decay'] }),
      evalEvery: options['eval-every'] ?? Math.max(1, Math.ceil(steps / 8)), saveEvery: options['save-every'] ?? Math.max(1, Math.ceil(steps / 4)),
      async evaluate() {
        const found = await evaluatePairs(model, params, { batches: onceInBatches(scored.validation, batch).map((some) => pairBatch(some, batched)), loss, ...(beta === undefined ? {} : { beta }) });
        return { 'val/loss': found.loss!, 'val/reward_accuracy': found.accuracy, 'val/margin': found.margin, 'val/chosen_logp': found.chosenLogProb, 'val/rejected_logp': found.rejectedLogProb, ...(wins === undefined ? {} : { 'val/win_rate': await wins() }) };
      },
      async stepFigures() {
        const found = await watch.read();
        if (found === undefined) return {};
        return { 'rewards/chosen': found.chosenReward, 'rewards/rejected': found.rejectedReward, 'rewards/margins': found.margin, 'rewards/accuracies': found.accuracy };
      },
      save: stage.save,
      dispose: stage.dispose,
    };
  } catch (error) {
    stage.dispose();
    throw error;
  }
}

/** How often the answer of the policy is worth more than that of the reference, to the same held-out prompts; as much counts half. */
async function winRate(held: readonly PreferenceExample[], { stage, functions, options }: Pick<Judging, 'stage' | 'functions'> & { options: DpoOptions }): Promise<() => Promise<number>> {
  const encoder = preferenceTokenizer(stage);
  const maxTokens = options['max-tokens'];
  const questions = held.slice(0, options['eval-questions']).map(({ prompt, chosen }, i) => questionOf({ prompt, answer: typeof chosen === 'string' ? chosen : chosen.at(-1)?.content }, i, encoder));
  const before = await judged(questions, { stage, functions, maxTokens, ...(stage.reference === undefined ? {} : { params: stage.reference }) });
  return async () => {
    const { rewards } = await judged(questions, { stage, functions, maxTokens });
    const won = rewards.map((reward, i) => (reward > before.rewards[i]! ? 1 : reward === before.rewards[i] ? 0.5 : 0));
    return won.reduce((sum: number, each) => sum + each, 0) / won.length;
  };
}
