// Supervised fine-tuning: node sft.mjs MODEL PAIRS.jsonl OUT
import { readFileSync } from 'node:fs';
import { loadPretrained, savePretrained } from '@llm/model/node';
import { batches, batchesInOrder, bfd, checkMask, encodeExample, padded, readExamples, sftLoss, splitExamples, tokenMetrics } from '@llm/sft';
import { useDevice } from '@llm/tensor';
import { chatTemplate, templates, tokenizerFromJson } from '@llm/tokenizer';
import { adamw, linear, train } from '@llm/train';

const [from = 'runs/quickstart', data = 'pairs.jsonl', to = 'my-model'] = process.argv.slice(2);
const [length, batch, epochs, lr] = [128, 16, 1, 1e-3];

const device = await useDevice();
console.log(device.description);
const { model, params, config, tokenizerJson } = await loadPretrained(from);
const tokenizer = tokenizerFromJson(JSON.parse(tokenizerJson));
const eosId = config.eosIds[0];
const eosToken = [...tokenizer.specialTokens].find(([, id]) => id === eosId)[0];
const template = chatTemplate(templates.alpaca, { eosToken });

const records = readFileSync(data, 'utf8').split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line));
const { train: raw, validation } = splitExamples(readExamples(records), { validationFraction: 0.1 });
const encode = (example) => encodeExample(example, { tokenizer, template, eosId, ...(typeof example.completion === 'string' ? {} : { assistantOnlyLoss: true }) });
const examples = raw.map(encode);
const { trained, maskedShare, warning } = checkMask(examples, { tokenizer });
console.log(`${examples.length} examples; ${trained} tokens are learned, ${(100 * maskedShare).toFixed(0)} % only read. ${warning ?? ''}`);

const rows = bfd(examples, { length });
const held = padded(validation.map(encode), { maxLength: length }).rows;
const measure = () => tokenMetrics(model, params, { batches: batchesInOrder(held, { batch, padId: eosId }) });
const steps = Math.ceil(rows.length / batch) * epochs;

console.log('before', await measure());
for await (const { index, loss, tokensPerSecond } of train({
  params, loss: sftLoss(model), batches: batches(rows, { batch, epochs, padId: eosId }), optimizer: adamw({ lr: linear(lr, { warmupSteps: Math.min(5, steps), steps }), weightDecay: 0 }),
})) {
  if (index % 10 === 0) console.log(`step ${index + 1}/${steps}: loss ${loss.toFixed(3)}, ${tokensPerSecond.toFixed(0)} tokens/s`);
}
console.log('after', await measure());

await savePretrained(to, { model, params, tokenizer: { json: tokenizerJson, config: { chat_template: template.source } } });
console.log(`saved ${to}`);
