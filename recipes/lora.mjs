// Fine-tuning of an adapter: node lora.mjs MODEL PAIRS.jsonl OUT
import { readFileSync } from 'node:fs';
import { adapterOf, adapterReport, lora, modulesOf, trainable } from '@llm/lora';
import { saveAdapter } from '@llm/lora/node';
import { loadPretrained } from '@llm/model/node';
import { batches, encodeExample, padded, readExamples, sftLoss } from '@llm/sft';
import { useDevice } from '@llm/tensor';
import { chatTemplate, templates, tokenizerFromJson } from '@llm/tokenizer';
import { adamw, linear, train } from '@llm/train';

const [from = 'runs/quickstart', data = 'pairs.jsonl', to = 'my-adapter'] = process.argv.slice(2);
const [length, batch, epochs, lr] = [128, 16, 1, 2e-3];

console.log((await useDevice()).description);
const { model, params: base, config, tokenizerJson } = await loadPretrained(from);
const tokenizer = tokenizerFromJson(JSON.parse(tokenizerJson));
const eosId = config.eosIds[0];
const template = chatTemplate(templates.alpaca, { eosToken: [...tokenizer.specialTokens].find(([, id]) => id === eosId)[0] });

// For QLoRA put the base into four bits first: lora(await quantizeBase(base), …).
const params = lora(base, { rank: 8, alpha: 16, targets: 'all-linear' });
const { trained, share } = adapterReport(params);
console.log(`${trained} parameters are trained, ${(100 * share).toFixed(2)} %`);

const records = readFileSync(data, 'utf8').split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line));
const { rows } = padded(readExamples(records).map((example) => encodeExample(example, { tokenizer, template, eosId })), { maxLength: length });
const steps = Math.ceil(rows.length / batch) * epochs;

for await (const { index, loss } of train({
  params, loss: sftLoss(model), trainable: trainable(params), batches: batches(rows, { batch, epochs, padId: eosId }), optimizer: adamw({ lr: linear(lr, { steps }), weightDecay: 0 }),
})) {
  if (index % 10 === 0) console.log(`step ${index + 1}/${steps}: loss ${loss.toFixed(3)}`);
}

await saveAdapter(to, { adapter: adapterOf(params), baseModel: from, modules: modulesOf(base).map(({ name }) => name) });
console.log(`saved ${to}, which PeftModel.from_pretrained reads`);
