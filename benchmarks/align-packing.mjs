import { createModel } from '@llm/model';
import { bfd, padded, plainExample, sftLoss, toBatch } from '@llm/sft';
import { adamw, startTraining } from '@llm/train';
import { draws, LLAMA } from './align-shapes.mjs';
import { freshDevice, stepper, times, turns } from './align-turns.mjs';

/**
 * Lengths of instruction data: log-normal, 128 in the middle and 207 on average, cut at 1,024 as TRL cuts. They are the quantiles, in random
 * order, so that no lucky draw decides.
 */
const EXAMPLES = 48;
const [MEDIAN, SPREAD, LONGEST] = [128, 1, 1024];
/** Eight examples a batch where they are padded; two full rows, about as many tokens, where they are packed. */
const BATCH = { padded: 8, packed: 2 };

function lengthsOf({ normal, whole }) {
  const sorted = Array.from({ length: 100 * EXAMPLES }, normal).sort((a, b) => a - b);
  const lengths = Array.from({ length: EXAMPLES }, (_, i) => Math.min(LONGEST, Math.max(8, Math.round(MEDIAN * Math.exp(SPREAD * sorted[100 * i + 50])))));
  for (let i = EXAMPLES - 1; i > 0; i--) {
    const j = whole(0, i);
    [lengths[i], lengths[j]] = [lengths[j], lengths[i]];
  }
  return lengths;
}

/** An epoch of supervised fine-tuning over packed rows beside one over padded rows, in tokens per second that are not padding. */
export async function packing({ threads, cpu, rounds = 3 }) {
  await freshDevice(threads);
  const model = createModel(LLAMA);
  const params = model.init(1);
  const drawn = draws(10);
  const examples = lengthsOf(drawn).map((length) => plainExample(drawn.ids(length)));
  const tokens = examples.reduce((sum, { ids: { length } }) => sum + length, 0);
  const rows = { padded: padded(examples, { maxLength: LONGEST }).rows, packed: bfd(examples, { length: LONGEST }) };
  const state = startTraining(params, adamw({ lr: 1e-6 }));
  // Each batch of an epoch is a contestant, so that the least time of each can be taken.
  const steppers = Object.entries(rows).flatMap(([kind, list]) => Array.from({ length: Math.ceil(list.length / BATCH[kind]) }, (_, i) => {
    const batch = toBatch(list.slice(i * BATCH[kind], (i + 1) * BATCH[kind]));
    return { kind, name: `${kind} ${i}`, size: batch.rows * batch.length, ...stepper({ params, state, batches: [batch], loss: sftLoss(model) }) };
  }));
  const found = await turns(Object.fromEntries(steppers.map(({ name, step }) => [name, step])), { rounds, cpu, warmUp: 1 });
  for (const { close } of steppers) await close();
  const total = (kind, of) => steppers.filter((each) => each.kind === kind).reduce((sum, each) => sum + of(each), 0);
  const rate = (kind) => tokens / total(kind, ({ name }) => found[name].seconds);
  const ratio = rate('packed') / rate('padded');
  return [{
    name: 'packed SFT, times faster than padded', value: times(ratio), figure: ratio, ratio,
    note: `${rate('packed').toFixed(0)} and ${rate('padded').toFixed(0)} tok/s; ${tokens} tokens in ${total('packed', ({ size }) => size)} and ${total('padded', ({ size }) => size)} places`,
  }];
}
