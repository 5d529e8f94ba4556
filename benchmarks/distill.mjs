import { distillBatch, distillLoss, dropLayers, everyNth, forwardKl, hinton, joinKept, keepTop, keptTeacher, localTeacher, softened } from '@llm/distill';
import { createModel, generate, greedy } from '@llm/model';
import { plainExample, sftLoss, toBatch } from '@llm/sft';
import { memory } from '@llm/tensor';
import { adamw, startTraining } from '@llm/train';
import { draws, LLAMA } from './align-shapes.mjs';
import { freshDevice, ms, stepper, times, turns } from './align-turns.mjs';

/** Rows of a step and their tokens, all of which are learned; tokens that are kept of each. */
const [ROWS, LENGTH, K] = [4, 256, 32];
const STUDENT = { ...LLAMA, num_hidden_layers: 4 };

/** Steps of a student that learns from a cached teacher, from one that is asked every time, and from the data alone, in turns. */
export async function distillStep({ threads, cpu, rounds = 12 }) {
  await freshDevice(threads);
  const [student, teacher] = [createModel(STUDENT), createModel(LLAMA)];
  const above = teacher.init(2);
  const { ids } = draws(3);
  const plain = toBatch(Array.from({ length: ROWS }, () => [plainExample(ids(LENGTH))]));
  const online = distillBatch(plain);
  const kept = {};
  for (const temperature of [1, 2]) {
    const sequences = [];
    for await (const each of keepTop(teacher, above, [online], { k: K, temperature })) sequences.push(each.kept);
    kept[temperature] = distillBatch(plain, { kept: joinKept(sequences) });
  }
  const cached = (loss, temperature) => ({ loss: distillLoss(student, { loss, teacher: keptTeacher() }), batches: [kept[temperature]] });
  const contestants = {
    plain: { loss: sftLoss(student), batches: [plain] },
    soft: cached(softened(forwardKl()), 1),
    both: cached(hinton({ temperature: 2 }), 2),
    online: { loss: distillLoss(student, { loss: softened(forwardKl()), teacher: localTeacher(teacher, above) }), batches: [online] },
  };
  const steppers = Object.fromEntries(Object.entries(contestants).map(([name, options]) => {
    const params = student.init(1);
    return [name, stepper({ params, state: startTraining(params, adamw({ lr: 1e-6 })), ...options })];
  }));
  const found = await turns(Object.fromEntries(Object.entries(steppers).map(([name, { step }]) => [name, step])), { rounds, cpu });
  for (const { close } of Object.values(steppers)) await close();
  const row = (name, key) => {
    const ratio = found[key].seconds / found.plain.seconds;
    return { name, value: times(ratio), figure: ratio, ratio, note: `${ms(found[key].seconds)} against ${ms(found.plain.seconds)} of a plain step; ${ROWS} × ${LENGTH} tokens` };
  };
  return [
    row(`distillation step, teacher cached (top ${K})`, 'soft'),
    row(`the same with the hard loss, temperature 2`, 'both'),
    row('the same, teacher asked every step', 'online'),
    await memoryOfStep({ threads, student, teacher, plain }),
  ];
}

/** The most bytes that a step with a local teacher has in use beyond one without, in logits of the batch. */
async function memoryOfStep({ threads, student, teacher, plain }) {
  const peak = async (make) => {
    await freshDevice(threads);
    const params = student.init(1);
    const above = teacher.init(2);
    const { step, close } = stepper({ params, state: startTraining(params, adamw({ lr: 1e-6 })), ...make(above) });
    await step();
    await step();
    await close();
    return memory().peakBytes;
  };
  const without = await peak(() => ({ loss: sftLoss(student), batches: [plain] }));
  const withTeacher = await peak((above) => ({ loss: distillLoss(student, { loss: softened(forwardKl()), teacher: localTeacher(teacher, above) }), batches: [distillBatch(plain)] }));
  const logits = 4 * ROWS * LENGTH * LLAMA.vocab_size;
  const ratio = (withTeacher - without) / logits;
  return { name: 'memory of a step with a teacher beyond a plain one', value: times(ratio), figure: ratio, ratio, note: `of ${(logits / 1e6).toFixed(1)} MB, the logits of the batch` };
}

/** Shapes whose decoding is compared: that of the other rows, and that of the quickstart, of which a layer stays. */
const PAIRS = {
  'half the layers, 8 to 4': [LLAMA, everyNth(8, 2)],
  'quickstart, 3 layers to 1': [{ ...LLAMA, hidden_size: 192, intermediate_size: 512, num_hidden_layers: 3, num_attention_heads: 6, num_key_value_heads: 3, max_position_embeddings: 512 }, [0]],
};
const TOKENS = 200;

/** Tokens a second of students beside their teachers, in turns, one sequence at a time. */
export async function distillDecode({ threads, cpu, rounds = 5 }) {
  const rows = [];
  for (const [name, [config, keep]] of Object.entries(PAIRS)) {
    await freshDevice(threads);
    const model = createModel(config);
    const params = model.init(1);
    const student = dropLayers({ model, params }, { keep });
    const decoder = ({ model, params }) => async () => {
      for await (const _ of generate(model, params, [[1, 2, 3]], { maxTokens: TOKENS, sampler: greedy, eosIds: [] }));
    };
    const found = await turns({ teacher: decoder({ model, params }), student: decoder(student) }, { rounds, cpu, warmUp: 1 });
    const ratio = found.teacher.seconds / found.student.seconds;
    rows.push({ name: `decode, ${name}`, value: times(ratio), figure: ratio, ratio, note: `${(TOKENS / found.student.seconds).toFixed(0)} against ${(TOKENS / found.teacher.seconds).toFixed(0)} tok/s` });
  }
  return rows;
}

/** Both, under the name by which `npm run bench` knows them. */
export const distill = async (options) => [...await distillStep(options), ...await distillDecode(options)];
