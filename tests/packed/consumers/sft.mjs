import { createModel } from '@llm/model';
import {
  afterEvaluation, afterMeasuring, annealed, answerAlone, answerLosses, answerText, augment, backTranslation, balance, batches, batchesInOrder, bfd, bfdSplit, checkMask, checkRows,
  detectFormat, dft, easyFirst, encodeExample, exactDuplicates, formats, IGNORED, inOrder, instructionFollowingDifficulty, instructionGroup, keepEnd, keepParameters, keepStart, lengthDifficulty,
  lengthGroup, lintRecords, lintTokens, maskToAnsi, maskToHtml, maskView, messagesOf, mixture, nll, padded, paraphrase, plainExample, promptText, readExample, readExamples,
  restoreParameters, rowLength, rowTargets, selfInstruct, SFT_DEFAULTS, SftError, sftLoss, shuffled, splitExamples, startEarlyStopping, startForgetting, targetsOf, toBatch, tokenMetrics, wrapped,
} from '@llm/sft';
import { useDevice } from '@llm/tensor';
import { chatTemplate, templates, trainBpe } from '@llm/tokenizer';
import { adamw, train } from '@llm/train';
import { expect } from '../expect.mjs';

await useDevice('wasm');
const records = Array.from({ length: 48 }, (_, i) => ({ prompt: `${i % 6} then`, completion: ` ${(i % 6) + 1}` }));
const raw = readExamples(records);
expect(detectFormat(records[0]).name === 'prompt-completion' && formats.length === 9, 'the format');
expect(promptText(raw[0]) === '0 then' && answerText(raw[0]) === ' 1' && messagesOf(raw[0]).length === 0, 'what is asked and answered');
const tokenizer = await trainBpe(records.map(({ prompt, completion }) => prompt + completion), { vocabSize: 262, specialTokens: ['<end>', '<|im_start|>', '<|im_end|>'] });
const eosId = tokenizer.specialTokens.get('<end>');
const examples = raw.map((each) => encodeExample(each, { tokenizer, eosId }));
const chat = encodeExample(readExample({ messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: 'Hello' }] }), { tokenizer, template: chatTemplate(templates.chatml), assistantOnlyLoss: true });
const drawn = maskView(chat, tokenizer);
expect(maskToAnsi(drawn).includes('Hello') && maskToHtml(drawn).includes('<mark>Hello'), 'the answer is drawn');
expect(checkMask(examples, { tokenizer }).trained === examples.reduce((sum, each) => sum + targetsOf(each), 0), 'as many as there are targets');
expect(lintRecords(raw).some(({ rule }) => rule === 'duplicate') && lintTokens(examples, { endIds: [eosId] }).length === 0, 'what is probably wrong');
expect(splitExamples(Array.from({ length: 99 }, (_, i) => readExample({ text: `${i}` })), { validationFraction: 0.3 }).validation.length > 5, 'held out');

const rows = bfd(examples, { length: 32 });
for (const each of [rows, bfdSplit(examples, { length: 32 }), wrapped(examples, { length: 32 }), padded(examples, { maxLength: 32, truncation: keepEnd }).rows]) {
  checkRows(each, { batch: 4, context: 32 });
  expect(each.every((row) => rowLength(row) <= 32 && rowTargets(row) >= 0), 'rows of 32 tokens');
}
expect(padded(examples, { truncation: keepStart }).truncated === 0 && toBatch(rows).targets.includes(IGNORED), 'nothing cut');
for (const order of [inOrder(4), shuffled(4, { seed: 0 }), easyFirst([3, 1, 2, 0]), annealed([3, 1, 2, 0], { seed: 0, epochs: 2 })]) expect(order(1).length === 4, 'every row once');
const mixed = mixture([{ name: 'all', rows }, { name: 'replay', rows: [[plainExample([1, 2])]], fraction: 0.2 }], { seed: 0 });
expect(mixed.report(2)[0].epochs === 2, 'twice');
expect(balance(examples, { groupOf: lengthGroup, seed: 0 }).items.length === 48 && instructionGroup(raw[0]) === 'other', 'balanced');
expect(lengthDifficulty(examples[0]) > 0 && answerAlone(examples[0], { bosId: 0 }).ids[0] === 0, 'difficulty');

const model = createModel({ model_type: 'gpt2', vocab_size: tokenizer.size, n_positions: 32, n_embd: 32, n_head: 2, n_layer: 1 });
const params = model.init(0);
const start = await keepParameters(params);
const accuracy = async () => (await tokenMetrics(model, params, { batches: batchesInOrder(rows, { batch: 4 }) })).meanTokenAccuracy;
for (const [objective, steps] of [[nll(), 60], [dft(), 5]]) {
  const loss = sftLoss(model, { objective, neftuneAlpha: 5 });
  for await (const step of train({ params, loss, batches: batches(rows, { batch: 4, epochs: Infinity, order: shuffled(rows.length, { seed: 1 }) }), optimizer: adamw({ lr: 0.02 }), steps })) {
    expect(Number.isFinite(step.loss), 'a finite loss');
  }
}
const learned = await accuracy();
expect(learned > 0.8, `most of the answers but found ${learned}`);
const losses = await answerLosses(model, params, { examples });
const ratios = await instructionFollowingDifficulty(model, params, { examples, bosId: 0 });
expect(losses.length === 48 && ratios.every((ratio) => ratio < 1.2), 'the prompt helps');
restoreParameters(params, start);
expect(await accuracy() < learned, 'as it was');

const propose = { generate: async () => 'other words', options: { filters: [], duplicates: exactDuplicates, seed: 0 } };
for (const make of [paraphrase(propose.generate), backTranslation(propose.generate, { through: 'German' }), selfInstruct(propose.generate)]) {
  const { examples: more, dropped } = await augment(raw.slice(0, 2), { propose: make, ...propose.options });
  expect(more.length + dropped.length <= 2, 'proposals');
}
expect(afterEvaluation(startEarlyStopping(), { step: 1, value: 1 }).improved, 'the first is the best');
expect(afterMeasuring(startForgetting({ loss: 1 }), { loss: 2 }).alert.includes('Forgotten'), 'forgotten');
let thrown;
try { readExample({}); } catch (error) { thrown = error; }
expect(thrown instanceof SftError && thrown.code === 'E_FORMAT' && SFT_DEFAULTS.epochs === 3, 'an error with a code');
