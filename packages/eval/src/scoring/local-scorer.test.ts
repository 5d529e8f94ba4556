import { createModel, type Model } from '@llm/model';
import { disposeTree, linear, mapLeaves, memory, scope, tensor, type Tensor, type Tree, useDevice } from '@llm/tensor';
import { chatTemplate, type Tokenizer, trainBpe } from '@llm/tokenizer';
import { expectClose } from '@llm/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { localScorer } from './local-scorer.ts';
import { planRows } from './plan-rows.ts';

const WORDS = 'the quick brown fox jumps over a lazy dog while seven wizards boil potions in copper pots and nobody asks why they do it'.split(' ');
const EOS = 0;
let tokenizer: Tokenizer;
const models: Readonly<Record<string, Model>> = {
  llama: createModel({
    model_type: 'llama', vocab_size: 300, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2,
    max_position_embeddings: 96, tie_word_embeddings: false, eos_token_id: EOS,
  }) as Model,
  gpt2: createModel({ model_type: 'gpt2', vocab_size: 300, n_positions: 96, n_embd: 16, n_head: 2, n_layer: 2, bos_token_id: EOS, eos_token_id: EOS }) as Model,
};

beforeAll(async () => {
  tokenizer = await trainBpe([WORDS.join(' ').repeat(20)], { vocabSize: 300, specialTokens: ['<|endoftext|>'] });
  if (tokenizer.specialTokens.get('<|endoftext|>') !== EOS) throw new Error('the first token ends a text');
});

/** Random parameters that are far from their gentle beginning, so that what is wrong shows. */
function paramsOf(model: Model): Tree {
  return mapLeaves(model.init(3), (leaf) => {
    const small = leaf as Tensor;
    const large = tensor(small.dataSync().map((value, i) => (value === 1 || value === 0 ? value + 0.3 * Math.sin(i) : value * 8)), small.shape);
    small.dispose();
    return large;
  });
}

const text = (from: number, count: number): string => Array.from({ length: count }, (_, i) => WORDS[(from + i * 7) % WORDS.length]).join(' ');

/** The definition: every sequence alone, logits to log-probabilities in f64. */
async function alone(model: Model, params: Tree, { context, continuation }: { context: readonly number[]; continuation: readonly number[] }) {
  const all = [...context, ...continuation].slice(-(model.shape.maxPositions + 1));
  const inputs = all.slice(0, -1);
  const logits = scope(() => linear(model.hidden(params, { ids: tensor(Int32Array.from(inputs), [1, inputs.length], 'int32') }), model.head(params)));
  const values = await logits.data() as Float32Array;
  logits.dispose();
  const { vocabSize } = model.shape;
  let logprob = 0;
  let greedy = true;
  continuation.forEach((id, i) => {
    const row = values.subarray((inputs.length - continuation.length + i) * vocabSize, (inputs.length - continuation.length + i + 1) * vocabSize);
    const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
    logprob += row[id]! - most - Math.log(row.reduce((sum, value) => sum + Math.exp(value - most), 0));
    greedy &&= row[id] === most;
  });
  return { logprob, greedy };
}

const examples = Array.from({ length: 3 }, (_, i) => `Q: ${text(i, 6)}\nA: ${text(i + 2, 2)}\n\n`).join('');
const requests = [
  // Four answers to each of several questions after the same examples, as multiple choice with few-shot asks.
  ...Array.from({ length: 5 }, (_, q) => Array.from({ length: 4 }, (_, c) => ({ context: `${examples}Q: ${text(q * 3, 5)}\nA:`, continuation: ` ${text(c + q, 1 + ((c + q) % 3))}` }))).flat(),
  // No examples; a blank filled in two ways; one asked twice; one without a context; one too long for the context.
  ...Array.from({ length: 3 }, (_, c) => ({ context: `Why ${text(3, 4)}?`, continuation: ` ${text(c, 3)}` })),
  ...['fox', 'dog'].map((word) => ({ context: `${text(1, 9)} ${word}`, continuation: ` ${text(4, 4)}` })),
  { context: `Why ${text(3, 4)}?`, continuation: ` ${text(0, 3)}` },
  { context: '', continuation: text(2, 5) },
  { context: 'ends in spaces  \n', continuation: 'the fox' },
  { context: text(0, 150), continuation: ` ${text(5, 6)}` },
];

describe('log-likelihoods', () => {
  beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

  test.each(Object.entries(models))('%s: shared, batched or alone, the same', async (_name, model) => {
    const params = paramsOf(model);
    const before = memory().tensors;
    const scorers = [{}, { sharePrefixes: false }, { batchTokens: 40 }, { batchTokens: 40, sharePrefixes: false }].map((options) => localScorer({ model, params, tokenizer }, options));
    const found = [];
    for (const scorer of scorers) found.push(await scorer.loglikelihood(requests));
    const ids = (piece: string): number[] => [...tokenizer.encode(piece)];
    const expected: Awaited<ReturnType<typeof alone>>[] = [];
    for (const { context, continuation } of requests) {
      const stripped = context.trimEnd();
      const whole = ids(context + continuation);
      expected.push(await alone(model, params, stripped === '' ? { context: [EOS], continuation: whole } : { context: ids(stripped), continuation: whole.slice(ids(stripped).length) }));
    }
    for (const answers of found) {
      const logprobs = (all: readonly { logprob: number }[]): number[] => all.map(({ logprob }) => logprob);
      expectClose(logprobs(answers), logprobs(expected), { tolerance: 1e-5, name: 'log-likelihoods' });
      expect(answers.map(({ greedy }) => greedy)).toEqual(expected.map(({ greedy }) => greedy));
    }
    // The table of rotations stays with the model.
    expect(memory().tensors - before).toBeLessThanOrEqual(2);
    disposeTree(params);
  });
});

describe('the rest', () => {
  beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

  test('what greedy decoding writes is greedy, and nothing that differs from it', async () => {
    const model = models.llama!;
    const params = paramsOf(model);
    const scorer = localScorer({ model, params, tokenizer });
    const asked = Array.from({ length: 12 }, (_, i) => text(i, 3));
    const written = await scorer.generateUntil(asked.map((context) => ({ context, kwargs: { maxGenToks: 2 } })));
    // Where what was written encodes to the ids that were drawn: those that spell half a character do not.
    const clean = asked.flatMap((context, i) => (written[i]!.includes('\ufffd') || tokenizer.encode(context + written[i]!).length !== tokenizer.encode(context).length + 2 ? [] : [{ context, continuation: written[i]! }]));
    expect(clean.length).toBeGreaterThan(0);
    for (const { greedy } of await scorer.loglikelihood(clean)) expect(greedy).toBe(true);
    for (const { greedy } of await scorer.loglikelihood(clean.map(({ context, continuation }) => ({ context, continuation: `${continuation} fox` })))) expect(greedy).toBe(false);
    disposeTree(params);
  });

  test('a text longer than the context is scored in windows, each token once', async () => {
    const model = models.gpt2!;
    const params = paramsOf(model);
    const before = memory().tensors;
    const long = text(1, 60);
    const ids = [...tokenizer.encode(long)];
    expect(ids.length > 96 && ids.length < 192, `${ids.length}`).toBe(true);
    const [found, short] = await localScorer({ model, params, tokenizer }).loglikelihoodRolling([long, 'the fox']);
    const first = await alone(model, params, { context: [EOS], continuation: ids.slice(0, 96) });
    const rest = await alone(model, params, { context: ids.slice(ids.length - 97, 96), continuation: ids.slice(96) });
    expect(found).toBeCloseTo(first.logprob + rest.logprob, 3);
    expect(short).toBeCloseTo((await alone(model, params, { context: [EOS], continuation: [...tokenizer.encode('the fox')] })).logprob, 4);
    expect(memory().tensors).toBe(before);
    disposeTree(params);
  });

  test('generation stops before any of the stop texts, in batches or alone', async () => {
    const model = models.llama!;
    const params = paramsOf(model);
    const before = memory().tensors;
    const scorer = localScorer({ model, params, tokenizer }, { batchRows: 3 });
    const contexts = Array.from({ length: 5 }, (_, i) => text(i, 3 + i));
    const free = await scorer.generateUntil(contexts.map((context) => ({ context, kwargs: { maxGenToks: 12 } })));
    const stop = free[0]!.slice(4, 6);
    expect(stop).toHaveLength(2);
    const stopped = await scorer.generateUntil(contexts.map((context) => ({ context, kwargs: { maxGenToks: 12, until: [stop] } })));
    expect(stopped).toEqual(free.map((each) => each.split(stop)[0]));
    expect(stopped[0]!.length).toBeLessThanOrEqual(4);
    expect(await localScorer({ model, params, tokenizer }, { batchRows: 1 }).generateUntil([{ context: contexts[3]!, kwargs: { maxGenToks: 12 } }])).toEqual([free[3]]);
    // Draws: repeated requests are different samples of the same seed.
    const drawn = await scorer.generateUntil(Array.from({ length: 3 }, () => ({ context: 'the', kwargs: { maxGenToks: 8, doSample: true, temperature: 1 } })));
    expect(new Set(drawn).size).toBeGreaterThan(1);
    expect(await scorer.generateUntil(Array.from({ length: 3 }, () => ({ context: 'the', kwargs: { maxGenToks: 8, doSample: true, temperature: 1 } })))).toEqual(drawn);
    await expect(scorer.generateUntil([{ context: 'a', kwargs: { maxGenToks: 96 } }])).rejects.toMatchObject({ code: 'E_SCORER' });
    expect(memory().tensors).toBe(before);
    disposeTree(params);
  });

  test('an empty continuation, one too long, a lost abort', async () => {
    const model = models.gpt2!;
    const params = model.init(0);
    const scorer = localScorer({ model, params, tokenizer });
    await expect(scorer.loglikelihood([{ context: 'a', continuation: '' }])).rejects.toMatchObject({ code: 'E_SCORER' });
    await expect(scorer.loglikelihood([{ context: 'a', continuation: text(0, 120) }])).rejects.toMatchObject({ code: 'E_SCORER' });
    const stopped = localScorer({ model, params, tokenizer }, { signal: AbortSignal.abort() });
    await expect(stopped.loglikelihood([{ context: 'a', continuation: 'b' }])).rejects.toThrow(/abort/i);
    disposeTree(params);
  });

  test('a conversation is left open where its last message is to be gone on from', () => {
    const template = chatTemplate("{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}");
    const { applyChatTemplate } = localScorer({ model: models.gpt2!, params: {}, tokenizer }, { chatTemplate: template });
    const messages = [{ role: 'user', content: 'q' }, { role: 'assistant', content: 'The answer is' }];
    expect(applyChatTemplate!(messages.slice(0, 1), { addGenerationPrompt: true })).toBe('<user>q</s><assistant>');
    expect(applyChatTemplate!(messages, { addGenerationPrompt: false })).toBe('<user>q</s><assistant>The answer is');
  });
});

describe('planRows', () => {
  const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

  test('contexts once, a header of a family, and words before a blank', () => {
    const header = range(100, 20);
    const contexts = range(0, 4).map((i) => [...header, ...range(10 * i, 5)]);
    const pairs = contexts.flatMap((context) => [[1], [2, 3]].map((continuation) => ({ context, continuation })));
    const families = planRows(pairs, { maxTokens: 50, share: true });
    expect(families).toHaveLength(1);
    expect(families[0]!.header).toBe(20);
    expect(families[0]!.trees.map(({ branches }) => branches.length)).toEqual([2, 2, 2, 2]);
    const blank = [[...range(0, 12), 70, 71], [...range(0, 12), 80]].map((context) => ({ context, continuation: [9, 8] }));
    const [only] = planRows(blank, { maxTokens: 50, share: true });
    expect(only!.trees).toEqual([{ trunk: range(0, 12), branches: [{ tokens: [70, 71, 9, 8], scored: 2, index: 0 }, { tokens: [80, 9, 8], scored: 2, index: 1 }] }]);
  });

  test('what is too long loses its beginning, each sequence for itself', () => {
    const context = range(0, 10);
    const [family] = planRows([{ context, continuation: [1] }, { context, continuation: [1, 2, 3] }], { maxTokens: 10, share: true });
    expect(family!.trees.map(({ trunk }) => trunk.length).toSorted((a, b) => a - b)).toEqual([8, 10]);
  });

  test('whatever the sequences, a tree holds each of them as it was, cut from the left', () => {
    // Few ids, so that sequences often begin alike.
    const tokens = (most: number, least = 0) => fc.array(fc.integer({ min: 0, max: 1 }), { minLength: least, maxLength: most });
    const pair = fc.record({ context: tokens(60, 1), continuation: tokens(6, 1) });
    fc.assert(fc.property(fc.array(pair, { maxLength: 12 }), tokens(40), fc.integer({ min: 8, max: 90 }), fc.boolean(), (given, header, maxTokens, share) => {
      const contexts = new Map<string, readonly number[]>();
      const pairs = given.map(({ context, continuation }, i) => {
        const whole = i % 2 === 0 ? [...header, ...context] : context;
        if (!contexts.has(whole.join())) contexts.set(whole.join(), whole);
        return { context: contexts.get(whole.join())!, continuation };
      });
      const seen = new Set<number>();
      for (const { header: count, trees } of planRows(pairs, { maxTokens, share })) {
        for (const { trunk, branches } of trees) {
          expect(trunk.slice(0, count)).toEqual(trees[0]!.trunk.slice(0, count));
          expect(trunk.length).toBeGreaterThan(count);
          for (const { tokens: own, scored, index } of branches) {
            const { context, continuation } = pairs[index]!;
            expect([...trunk, ...own]).toEqual([...context, ...continuation].slice(-(maxTokens + 1)));
            expect(own.slice(-scored)).toEqual(continuation);
            expect(seen.has(index)).toBe(false);
            seen.add(index);
          }
        }
      }
      expect(seen.size).toBe(pairs.length);
    }), { numRuns: 300 });
  });
});
