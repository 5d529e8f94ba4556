// Learning from a reward that is computed: node grpo.mjs MODEL QUESTIONS.jsonl OUT
import { readFileSync } from 'node:fs';
import { loadPretrained, savePretrained } from '@llm/model/node';
import { dapo, groupAdvantages, policyBatch, policyLoss, rewardRound, rollouts, sharedPrefix } from '@llm/preference';
import { useDevice } from '@llm/tensor';
import { tokenizerFromJson } from '@llm/tokenizer';
import { adamw, train } from '@llm/train';

const [from = 'runs/sft', data = 'questions.jsonl', to = 'my-model', steps = 100] = process.argv.slice(2);
const [prompts, samples, maxTokens, temperature, lr] = [16, 8, 16, 1, 3e-4];

console.log((await useDevice()).description);
const { model, params, config, tokenizerJson } = await loadPretrained(from);
const tokenizer = tokenizerFromJson(JSON.parse(tokenizerJson));
const questions = readFileSync(data, 'utf8').split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line))
  .map(({ prompt, answer }) => ({ ids: [config.bosId ?? config.eosIds[0], ...tokenizer.encode(prompt)], answer }));

function* rounds() {
  for (let at = 0; ; at += prompts) yield Array.from({ length: prompts }, (_, i) => questions[(at + i) % questions.length]);
}
/** What an answer is worth: change this. */
const right = ({ text, prompt: { answer }, reason }) => Number(reason === 'eos' && text.trim() === answer.trim());

// Each round is sampled from the weights as they are, when the trainer asks for it.
const objective = dapo();
let reward = 0;
async function* batches() {
  for await (const round of rollouts(model, params, rounds(), { samples, maxTokens, temperature, eosIds: config.eosIds })) {
    const { rewards } = await rewardRound(round, { rewards: [right], decode: (ids) => tokenizer.decode(ids, { skipSpecial: true }) });
    reward = rewards.reduce((sum, each) => sum + each, 0) / rewards.length;
    yield policyBatch(round, { objective, advantages: groupAdvantages(rewards, { samples }), layout: sharedPrefix() });
  }
}

for await (const { index } of train({ params, loss: policyLoss(model, objective, { temperature }), batches: batches(), optimizer: adamw({ lr, weightDecay: 0 }), steps: Number(steps) })) {
  console.log(`step ${index + 1}/${steps}: ${(100 * reward).toFixed(0)} % right`);
}

await savePretrained(to, { model, params, tokenizer: { json: tokenizerJson } });
console.log(`saved ${to}`);
