import { type PairBatch, pairBatch, rewardLoss, sequenceScores, withHead } from '@llm/preference';
import { disposeTree, scope } from '@llm/tensor';
import { adamw, linear } from '@llm/train';
import { UsageError } from '../cli/cli-error.ts';
import type { StageOptions } from '../commands/stage-args.ts';
import { inBatches, onceInBatches } from './in-batches.ts';
import { readPairs } from './read-pairs.ts';
import { saveReward } from './reward-folder.ts';
import type { Stage, StageContext } from './stage.ts';
import { stageModel } from './stage-model.ts';
import type { Figures } from './stage-record.ts';

/** What the flags of a reward model say. */
export interface RewardOptions extends StageOptions {
  readonly centering: number;
}

/** A reward model, from its flags. */
export async function prepareReward(options: RewardOptions, context: StageContext): Promise<Stage<PairBatch>> {
  if (options.lora !== undefined) throw new UsageError('llm reward: expected a reward model whose weights are all trained but found --lora. Leave it out.');
  const stage = await stageModel(options, context);
  const { batch, accumulate, seed, centering } = options;
  const model = withHead(stage.model);
  const params = model.from(stage.params, { seed });
  const dispose = (): void => {
    disposeTree(params);
    stage.dispose();
  };
  try {
    const { train, validation, hashes } = await readPairs(options, stage, context);
    const steps = options.steps ?? Math.max(1, Math.floor(Math.ceil(train.length / batch) * options.epochs / accumulate));
    const scores = async (pairs: typeof validation): Promise<ArrayLike<number>> => {
      const made = scope(() => sequenceScores(model, params, pairBatch(pairs)));
      const values = await made.data();
      made.dispose();
      return values;
    };
    return {
      inputs: { model: stage.sha256, ...hashes },
      params, steps, accumulate, clipNorm: options['clip-norm'], seed,
      loss: rewardLoss(model, { centering, checkpointed: options.checkpointed }),
      *batches(drawn) { for (const some of inBatches(train, { batch, seed, drawn })) yield pairBatch(some); },
      optimizer: adamw({ lr: linear(options.lr ?? 1e-4, { warmupSteps: Math.min(options.warmup, steps), steps }), beta2: 0.999, weightDecay: options['weight-decay'] }),
      evalEvery: options['eval-every'] ?? Math.max(1, Math.ceil(steps / 8)), saveEvery: options['save-every'] ?? Math.max(1, Math.ceil(steps / 4)),
      async evaluate(): Promise<Figures> {
        let [loss, right, margin] = [0, 0, 0];
        for (const some of onceInBatches(validation, batch)) {
          const values = await scores(some);
          some.forEach((_, i) => {
            const difference = values[i]! - values[some.length + i]!;
            loss += Math.log1p(Math.exp(-Math.abs(difference))) + Math.max(0, -difference);
            right += Number(difference > 0);
            margin += difference;
          });
        }
        return { 'val/loss': loss / validation.length, 'val/accuracy': right / validation.length, 'val/margin': margin / validation.length };
      },
      save: () => saveReward(context.folder, { model, params, padId: stage.eosId, tokenizerJson: stage.tokenizerJson, chatTemplate: stage.template.source, cwd: context.io.cwd }),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}
