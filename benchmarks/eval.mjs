import { localScorer } from '@llm/eval';
import { createModel } from '@llm/model';
import { draws, LLAMA } from './align-shapes.mjs';
import { freshDevice, times, turns } from './align-turns.mjs';

/** Texts are ids as numbers, so that lengths are what is said below. */
const tokenizer = {
  specialTokens: new Map(), idToToken: () => undefined,
  encode: (text) => Uint32Array.from(text.split(' ').filter((word) => word !== '').map(Number)),
};

const QUESTIONS = 8;
const CHOICES = 4;
const words = (ids) => ids.map((id) => ` ${id}`).join('');

/** Requests for the choices of each question; `context` gives a question's prompt, `choice` the length of an answer. */
function asked({ ids }, { context, choice }) {
  return Array.from({ length: QUESTIONS }, (_, question) => {
    const before = words(context(question));
    return Array.from({ length: CHOICES }, () => ({ context: before, continuation: words(ids(choice())) }));
  }).flat();
}

/**
 * Multiple-choice questions of lm-evaluation-harness's usual shapes: MMLU with five examples that all questions share, answered by a letter;
 * ARC with examples of each question's own; HellaSwag without any.
 */
function shapes() {
  const drawn = draws(30);
  const { ids, whole } = drawn;
  const examples = ids(400);
  return {
    'five shared examples, one token an answer': asked(drawn, { context: () => [...examples, ...ids(whole(48, 96))], choice: () => 1 }),
    'five shared examples, answers of 2 to 8 tokens': asked(drawn, { context: () => [...examples, ...ids(whole(24, 48))], choice: () => whole(2, 8) }),
    'five own examples, answers of 2 to 8 tokens': asked(drawn, { context: () => ids(whole(300, 400)), choice: () => whole(2, 8) }),
    'no examples, endings of 16 to 40 tokens': asked(drawn, { context: () => ids(whole(48, 112)), choice: () => whole(16, 40) }),
  };
}

/** Log-likelihoods of multiple-choice questions with what they share run once, beside each sequence for itself in batches of like lengths. */
export async function likelihood({ threads, cpu, rounds = 3 }) {
  await freshDevice(threads);
  const model = createModel(LLAMA);
  const params = model.init(1);
  const scorerOf = (sharePrefixes) => localScorer({ model, params, tokenizer }, { sharePrefixes, prefixId: 0, addSpecialTokens: false });
  const [shared, alone] = [scorerOf(true), scorerOf(false)];
  const rows = [];
  for (const [name, requests] of Object.entries(shapes())) {
    const [a, b] = [await shared.loglikelihood(requests), await alone.loglikelihood(requests)];
    const off = Math.max(...a.map(({ logprob }, i) => Math.abs(logprob - b[i].logprob) / Math.max(1, Math.abs(b[i].logprob))));
    if (!(off < 1e-5)) throw new Error(`eval: expected the same log-likelihoods to 1e-5 but found ${off} in ${name}`);
    const found = await turns({ shared: () => shared.loglikelihood(requests), alone: () => alone.loglikelihood(requests) }, { rounds, cpu, warmUp: 0 });
    const ratio = found.alone.seconds / found.shared.seconds;
    rows.push({
      name: `log-likelihoods, ${name}`, value: times(ratio), figure: ratio,
      note: `${(requests.length / found.shared.seconds).toFixed(0)} against ${(requests.length / found.alone.seconds).toFixed(0)} requests/s; equal to ${off.toExponential(0)}`,
    });
  }
  return rows;
}
