import { createModel } from '@llm/model';
import { dapo, groupAdvantages, policyBatch, policyLoss, rollouts, separateRows, sharedPrefix } from '@llm/preference';
import { adamw, startTraining } from '@llm/train';
import { completionOf, draws, LLAMA, promptOf } from './align-shapes.mjs';
import { freshDevice, ms, stepper, times, turns } from './align-turns.mjs';

const GROUP = 8;
const PROMPT = 192;
const COMPLETION = 64;

/** Tokens per second that are sampled for one prompt, in a group of eight and alone. */
export async function grpoSampling({ threads, cpu, rounds = 8 }) {
  await freshDevice(threads);
  const model = createModel(LLAMA);
  const params = model.init(1);
  const { ids } = draws(4);
  const prompt = { ids: ids(PROMPT) };
  let seed = 0;
  const sample = (samples) => async () => {
    for await (const { groups } of rollouts(model, params, [[prompt]], { samples, maxTokens: COMPLETION, seed: seed++ })) {
      const drawn = groups[0].completions.reduce((sum, { ids: { length } }) => sum + length, 0);
      if (drawn !== samples * COMPLETION) throw new Error(`align: expected ${samples * COMPLETION} tokens but found ${drawn}`);
    }
  };
  const found = await turns({ alone: sample(1), group: sample(GROUP) }, { rounds, cpu });
  const rate = (name, samples) => (samples * COMPLETION) / found[name].seconds;
  const ratio = rate('group', GROUP) / rate('alone', 1);
  return [{
    name: 'GRPO sampling, G 8 in tokens/s of G 1', value: times(ratio), figure: ratio, ratio,
    note: `${rate('group', GROUP).toFixed(0)} and ${rate('alone', 1).toFixed(0)} tok/s with the prompt of ${PROMPT}; ${COMPLETION} tokens each, temperature 1`,
  }];
}

/** An update from groups of eight whose prompts run once, all in one row, beside one with a row for each completion. */
export async function grpoUpdate({ threads, cpu, rounds = 8 }) {
  await freshDevice(threads);
  const model = createModel(LLAMA);
  const params = model.init(1);
  const drawn = draws(5);
  const completion = () => {
    const ids = Int32Array.from(completionOf(drawn));
    return { ids, logProbs: new Float32Array(ids.length), reason: 'eos' };
  };
  const groups = Array.from({ length: 2 }, () => ({ prompt: { ids: promptOf(drawn) }, completions: Array.from({ length: GROUP }, completion) }));
  const objective = dapo();
  const advantages = groupAdvantages(groups.flatMap(({ completions }) => completions.map((_, i) => i % 2)), { samples: GROUP });
  const state = startTraining(params, adamw({ lr: 1e-6 }));
  const rowTokens = groups.reduce((sum, { prompt, completions }) => completions.reduce((all, { ids }) => all + ids.length, sum + prompt.ids.length), 0);
  const rows = Object.fromEntries(Object.entries({ naive: separateRows(), shared: sharedPrefix({ rowTokens }) }).map(([name, layout]) => [name, policyBatch({ groups }, { objective, advantages, layout })]));
  const ours = Object.fromEntries(Object.entries(rows).map(([name, batch]) => [name, stepper({ params, state, batches: [batch], loss: policyLoss(model, objective) })]));
  const found = await turns(Object.fromEntries(Object.entries(ours).map(([name, { step }]) => [name, step])), { rounds, cpu });
  for (const { close } of Object.values(ours)) await close();
  const ratio = found.naive.seconds / found.shared.seconds;
  const size = ({ rows: count, length }) => count * length;
  return [{
    name: 'GRPO update, shared prompts, times faster than rows', value: times(ratio), figure: ratio, ratio,
    note: `${ms(found.shared.seconds)}, ${size(rows.shared)} tokens; rows ${ms(found.naive.seconds)}, ${size(rows.naive)} tokens; 2 prompts × ${GROUP}`,
  }];
}
