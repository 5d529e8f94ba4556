// Distillation: node distill.mjs TEACHER PAIRS.jsonl OUT
import { readFileSync } from 'node:fs';
import { compareModels, distillBatch, distillLoss, dropLayers, hinton, localTeacher, measureModel, originText, spreadLayers } from '@llm/distill';
import { loadPretrained, savePretrained } from '@llm/model/node';
import { batches, batchesInOrder, bfd, encodeExample, padded, readExamples, splitExamples, tokenMetrics } from '@llm/sft';
import { useDevice } from '@llm/tensor';
import { chatTemplate, templates, tokenizerFromJson } from '@llm/tokenizer';
import { adamw, linear, train } from '@llm/train';

const [from = 'runs/sft', data = 'pairs.jsonl', to = 'my-student'] = process.argv.slice(2);
const [length, batch, epochs, lr] = [128, 16, 3, 2e-3];

console.log((await useDevice()).description);
const { model, params, config, tokenizerJson } = await loadPretrained(from);
const tokenizer = tokenizerFromJson(JSON.parse(tokenizerJson));
const eosId = config.eosIds[0];
const template = chatTemplate(templates.alpaca, { eosToken: [...tokenizer.specialTokens].find(([, id]) => id === eosId)[0] });

// Half of the teacher's layers, in memory of their own.
const student = dropLayers({ model, params }, { keep: spreadLayers(model.shape.layers, Math.ceil(model.shape.layers / 2)) });
console.log(student.map.slice(0, 3).map(originText).join('\n'), `\n… ${student.map.length} in all`);

const records = readFileSync(data, 'utf8').split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line));
const { train: raw, validation } = splitExamples(readExamples(records), { validationFraction: 0.1 });
const encode = (example) => encodeExample(example, { tokenizer, template, eosId, ...(typeof example.completion === 'string' ? {} : { assistantOnlyLoss: true }) });
const rows = bfd(raw.map(encode), { length });
const held = padded(validation.map(encode), { maxLength: length }).rows;
const steps = Math.ceil(rows.length / batch) * epochs;

function* taught() {
  for (const each of batches(rows, { batch, epochs, padId: eosId })) yield distillBatch(each);
}
const loss = distillLoss(student.model, { loss: hinton({ alpha: 0.5, temperature: 2 }), teacher: localTeacher(model, params) });
for await (const { index, loss: value } of train({ params: student.params, loss, batches: taught(), optimizer: adamw({ lr: linear(lr, { warmupSteps: Math.min(10, steps), steps }), weightDecay: 0 }) })) {
  if (index % 10 === 0) console.log(`step ${index + 1}/${steps}: loss ${value.toFixed(3)}`);
}

// Both on the same items and the same device.
const evaluate = async (model, params) => ({ loss: { value: (await tokenMetrics(model, params, { batches: batchesInOrder(held, { batch, padId: eosId }) })).loss, better: 'lower' } });
const { kept, size_reduction, speed_up } = compareModels(await measureModel(model, params, { evaluate }), await measureModel(student.model, student.params, { evaluate }));
console.log(`${(100 * kept.loss).toFixed(1)} % of the loss kept, ${(100 * size_reduction).toFixed(0)} % smaller, ${speed_up.toFixed(2)} times as fast`);

await savePretrained(to, { model: student.model, params: student.params, tokenizer: { json: tokenizerJson, config: { chat_template: template.source } } });
console.log(`saved ${to}`);
