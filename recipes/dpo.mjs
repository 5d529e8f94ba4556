// Direct preference optimisation: node dpo.mjs MODEL PREFERENCES.jsonl OUT
import { readFileSync } from 'node:fs';
import { loadPretrained, savePretrained } from '@llm/model/node';
import { detectPreferences, dpo, evaluatePairs, keepStart, pairBatch, precomputeReference, preferenceLoss, sharedPrefix, tokenizePairs } from '@llm/preference';
import { useDevice } from '@llm/tensor';
import { tokenizerFromJson } from '@llm/tokenizer';
import { adamw, linear, train } from '@llm/train';

const [from = 'runs/sft', data = 'preferences.jsonl', to = 'my-model'] = process.argv.slice(2);
const [maxTokens, batch, lr, beta] = [128, 16, 1e-4, 0.1];

console.log((await useDevice()).description);
const { model, params, config, tokenizerJson } = await loadPretrained(from);
const tokenizer = tokenizerFromJson(JSON.parse(tokenizerJson));

const records = readFileSync(data, 'utf8').split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line));
console.log(records.length, 'pairs:', detectPreferences(records));
const { examples } = tokenizePairs(records, { tokenizer: { encode: (text) => [config.bosId ?? config.eosIds[0], ...tokenizer.encode(text)], endId: config.eosIds[0] }, truncation: keepStart({ maxTokens }) });

// The reference is the model as it is now: asked once, then forgotten. Prompts run once for both completions.
const layout = sharedPrefix();
const pairs = await precomputeReference(model, params, { pairs: examples, layout });
const batches = Array.from({ length: Math.ceil(pairs.length / batch) }, (_, i) => pairBatch(pairs.slice(i * batch, (i + 1) * batch), { layout }));
const [held, ...rest] = batches.length > 1 ? batches : [...batches, ...batches];

console.log('before', await evaluatePairs(model, params, { batches: [held], beta }));
for await (const { index, loss } of train({
  params, loss: preferenceLoss(model, { loss: dpo({ beta }) }), batches: rest, optimizer: adamw({ lr: linear(lr, { steps: rest.length }), weightDecay: 0 }),
})) {
  console.log(`step ${index + 1}/${rest.length}: loss ${loss.toFixed(4)}`);
}
console.log('after', await evaluatePairs(model, params, { batches: [held], beta }));

await savePretrained(to, { model, params, tokenizer: { json: tokenizerJson } });
console.log(`saved ${to}`);
