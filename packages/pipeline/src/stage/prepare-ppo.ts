import {
  completionRows, frozenCopy, type PpoBatch, ppoBatch, ppoLoss, type PpoParams, ppoSamples, type Reward, rewardRound, rollouts, roundReport, scoreTokens, sequenceScores, tokenValues, withHead,
} from '@llm/preference';
import { shuffled } from '@llm/sft';
import { disposeTree, scope, type Tensor } from '@llm/tensor';
import { adamw, linear } from '@llm/train';
import { UsageError } from '../cli/cli-error.ts';
import { count } from '../cli/format.ts';
import { findFolder } from '../train/open-run.ts';
import { inBatches } from './in-batches.ts';
import { meanReward, type Question, type QuestionOptions, readQuestions } from './questions.ts';
import { type OpenReward, openReward } from './reward-folder.ts';
import { rewardOf } from './rewards.ts';
import type { Stage, StageContext } from './stage.ts';
import { stageModel } from './stage-model.ts';
import type { Figures } from './stage-record.ts';

/** What the flags of PPO say. */
export interface PpoOptions extends QuestionOptions {
  readonly temperature: number;
  readonly reward: readonly string[];
  readonly 'reward-model'?: string | undefined;
  readonly 'ppo-epochs': number;
  readonly 'mini-batch': number;
  readonly kl: number;
  readonly clip: number;
  readonly 'value-clip': number;
  readonly 'value-coef': number;
  readonly gamma: number;
  readonly lambda: number;
  readonly 'missing-end': number;
}

/** Proximal policy optimisation with a value function of its own, from its flags. */
export async function preparePpo(options: PpoOptions, context: StageContext): Promise<Stage<PpoBatch>> {
  const { io, say } = context;
  const { batch: prompts, seed, 'max-tokens': maxTokens, temperature, 'ppo-epochs': epochs, 'mini-batch': size } = options;
  if (options.accumulate !== 1) throw new UsageError(`llm ppo: expected --accumulate 1 but found ${options.accumulate}. The size of an update is --mini-batch.`);
  if (options.reward.length === 0 && options['reward-model'] === undefined) throw new UsageError('llm ppo: expected --reward or --reward-model but found neither. See llm ppo --help.');
  const stage = await stageModel(options, context);
  const { model, tokenizer, eosId } = stage;
  const valueModel = withHead(model);
  const reference = stage.reference ?? frozenCopy(stage.params);
  const params: PpoParams = { policy: stage.params, value: valueModel.from(frozenCopy(stage.reference === undefined ? stage.params : stage.reference), { seed }) };
  const judge = options['reward-model'] === undefined ? undefined : await openReward(findFolder(options['reward-model'], io.cwd));
  const dispose = (): void => {
    for (const tree of [params.value, reference, judge?.params]) if (tree !== undefined) disposeTree(tree);
    stage.dispose();
  };
  try {
    const { train, validation, hashes } = await readQuestions(options, stage, context);
    const functions = [...await Promise.all(options.reward.map((name) => rewardOf(name, { cwd: io.cwd, maxTokens }))), ...(judge === undefined ? [] : [scoreOf(judge)])];
    const decode = (ids: Int32Array): string => tokenizer.decode(ids, { skipSpecial: true });
    const updates = epochs * Math.ceil(prompts / size);
    const rounds = options.steps === undefined ? Math.max(1, Math.floor(Math.ceil(train.length / prompts) * options.epochs)) : Math.max(1, Math.round(options.steps / updates));
    const steps = rounds * updates;
    const loss = ppoLoss({ policy: model, value: valueModel }, { temperature, clip: options.clip, valueClip: options['value-clip'], valueCoef: options['value-coef'], checkpointed: options.checkpointed });
    let latest: Figures = {};
    say(`${count(train.length)} questions to train on, ${count(validation.length)} held out; ${count(rounds)} rounds of ${prompts} questions, ${updates} updates each.`);
    return {
      inputs: { model: stage.sha256, ...(judge === undefined ? {} : { 'reward-model': judge.sha256 }), ...hashes },
      params, trainable: (path) => path.startsWith('value.') || stage.trainable(path.slice('policy.'.length)), steps, accumulate: 1, round: updates, clipNorm: options['clip-norm'], seed,
      loss: (tree, batch, lossContext) => loss(tree as PpoParams, batch, lossContext),
      async *batches(drawn) {
        let at = Math.floor(drawn / updates);
        for (const asked of inBatches(train, { batch: prompts, seed, drawn: at })) {
          const sampling = rollouts(model, params.policy, [asked], { samples: 1, maxTokens, temperature, eosIds: [eosId], seed: (seed * 1_000_003 + at) >>> 0, signal: io.stop });
          const { value: round } = await sampling.next();
          if (round === undefined) return;
          const rows = completionRows(round);
          const { rewards } = await rewardRound(round, { rewards: functions, decode });
          const { logProbs } = await scoreTokens(model, params.policy, rows, { temperature });
          const { logProbs: refLogProbs } = await scoreTokens(model, reference, rows, { temperature });
          const { reward, rewardDeviation, length, truncated, entropy, kl } = roundReport(round, { rewards, refLogProbs });
          latest = { 'reward/mean': reward, 'reward/std': rewardDeviation, 'completions/length': length, 'completions/clipped': truncated, entropy, kl: kl! };
          const samples = ppoSamples(round, {
            scores: Array.from(rewards, (each) => (Number.isNaN(each) ? 0 : each)), logProbs, refLogProbs, values: await read(() => tokenValues(valueModel, params.value, rows)),
            klCoef: options.kl, gamma: options.gamma, lambda: options.lambda, missingEndPenalty: options['missing-end'],
          });
          const order = shuffled(samples.length, { seed: (seed + at) >>> 0 });
          // A last round may have fewer questions, and then a mini-batch may be small, but there are always as many.
          for (let epoch = 0; epoch < epochs; epoch++) {
            const mixed = Array.from(order(epoch), (i) => samples[i]!);
            const parts = Math.ceil(prompts / size);
            for (let part = 0; part < parts; part++) {
              const own = mixed.filter((_, i) => Math.floor(i * parts / mixed.length) === part);
              yield ppoBatch(own.length === 0 ? mixed.slice(0, 1) : own);
            }
          }
          at++;
        }
      },
      optimizer: adamw({ lr: linear(options.lr ?? 3e-6, { warmupSteps: Math.min(options.warmup, steps), steps }), beta2: 0.999, weightDecay: options['weight-decay'] }),
      evalEvery: options['eval-every'] ?? updates * Math.max(1, Math.ceil(rounds / 8)), saveEvery: updates * Math.max(1, Math.round((options['save-every'] ?? steps / 4) / updates)),
      evaluate: async () => ({ 'val/reward': await meanReward(validation, { stage, functions, maxTokens, temperature }) }),
      stepFigures: () => Promise.resolve(latest),
      save: stage.save,
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** What a reward model says of a question with its answer. */
function scoreOf({ model, params }: OpenReward): Reward<Question> {
  return async ({ prompt, ids }) => {
    const all = Int32Array.of(...Array.from(prompt.ids), ...ids);
    const positions = Int32Array.from(all, (_, i) => i);
    const batch = { rows: 1, length: all.length, ids: all, positions, segments: new Int32Array(all.length), packed: false, restarts: false, ends: Int32Array.of(all.length - 1) };
    return (await read(() => sequenceScores(model, params, batch)))[0];
  };
}

async function read(make: () => Tensor): Promise<Float32Array> {
  const made = scope(make);
  const values = await made.data() as Float32Array;
  made.dispose();
  return values;
}
