import { createModel } from '@llm/model';
import { disposeTree, memory, scope, type Tensor, type Tree, useDevice } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { beforeAll, describe, expect, test } from 'vitest';
import { likeliestLabel } from './assessment.ts';
import { exampleRequests } from './example-requests.ts';
import { hashedFeatures } from './hashed-features.ts';
import { hiddenClassifier } from './hidden-classifier.ts';
import { chooseThreshold, measureClassifier } from './measure-classifier.ts';
import { fillers, forms } from './request-forms.ts';
import { textClassifier } from './text-classifier.ts';

const labels = [...new Set(forms.flatMap(({ label }) => label ?? []))];

describe('exampleRequests', () => {
  const part = (name: 'train' | 'fillers' | 'sentences', count: number) => exampleRequests({ count, part: name, seed: 1 });

  test('half of them harmful, none twice, the same again with the same seed', () => {
    const requests = part('train', 600);
    expect(requests.filter(({ label }) => label !== undefined)).toHaveLength(300);
    expect(requests.some(({ lookAlike }) => lookAlike)).toBe(true);
    expect(new Set(requests.map(({ text }) => text)).size).toBe(600);
    expect(part('train', 600)).toEqual(requests);
    expect(exampleRequests({ count: 20, part: 'train', seed: 2 })).not.toEqual(requests.slice(0, 20));
    expect(requests.every(({ text }) => !/[{}]/.test(text))).toBe(true);
  });

  test('nothing of the tests is in training', () => {
    const written = forms.flatMap(({ texts }) => texts).join(' ').toLowerCase();
    const held = Object.values(fillers).flatMap((list) => list.filter((filler, i) => i % 4 === 3 && !written.includes(filler.toLowerCase())));
    expect(held.length).toBeGreaterThan(15);
    const known = part('train', 2000).map(({ text }) => text);
    for (const filler of held) expect(known.some((text) => text.toLowerCase().includes(` ${filler.toLowerCase()} `)), filler).toBe(false);
    const openings = (texts: readonly string[]): Set<string> => new Set(texts.map((text) => text.split(' ').slice(0, 9).join(' ')));
    const seen = openings(known);
    const both = [...openings(part('sentences', 400).map(({ text }) => text))].filter((opening) => seen.has(opening));
    expect(both).toEqual([]);
  });
});

describe('hashedFeatures', () => {
  const same = (a: string, b: string): boolean => hashedFeatures(a, { buckets: 4096 }).join() === hashedFeatures(b, { buckets: 4096 }).join();

  test('case, width and what cannot be seen make no difference; words and their order do', () => {
    expect(same('Kill HIM', 'ｋｉｌｌ h\u200dim')).toBe(true);
    expect(same("don't", 'don’t')).toBe(true);
    expect(same('a b', 'b a')).toBe(false);
    expect(hashedFeatures('', { buckets: 8 })).toHaveLength(0);
    const long = hashedFeatures('harmless '.repeat(50_000), { buckets: 64 });
    expect(long.length).toBeLessThanOrEqual(64);
    expect(long.every((bucket) => bucket >= 0 && bucket < 64)).toBe(true);
  });
});

describe('textClassifier', () => {
  beforeAll(async () => { await useDevice('wasm'); });

  test('precision, recall and over-refusal, of known sentences about others and of sentences it has never seen', async () => {
    const before = memory().tensors;
    const model = textClassifier({ labels });
    const params = model.init();
    const examples = exampleRequests({ count: 1200, part: 'train' });
    const batches = Array.from({ length: 60 }, (_, i) => model.batch(examples.slice((i * 60) % 1200, ((i * 60) % 1200) + 60)));
    const losses: number[] = [];
    for await (const { loss } of train({ params, loss: model.loss, batches, optimizer: adamw({ lr: 0.02, weightDecay: 0.01 }) })) losses.push(loss);
    expect(losses[0]).toBeCloseTo(Math.log(1 + labels.length), 4);
    const classify = await model.classifier(params);
    disposeTree(params);
    expect(memory().tensors).toBe(before);

    const known = await measureClassifier(classify, exampleRequests({ count: 400, part: 'fillers' }));
    expect(known.precision).toBeGreaterThan(0.98);
    expect(known.recall).toBeGreaterThan(0.98);
    expect(known.overRefusal).toBeLessThan(0.02);
    expect(known.lookAlikeRefusal).toBeLessThan(0.03);
    // Words alone do not say what is meant: measured 0.75, 0.69 and 0.23.
    const unseen = await measureClassifier(classify, exampleRequests({ count: 400, part: 'sentences' }));
    expect(unseen.precision).toBeGreaterThan(0.68);
    expect(unseen.recall).toBeGreaterThan(0.6);
    expect(unseen.overRefusal).toBeLessThan(0.32);
    expect(Object.keys(unseen.labels).sort()).toEqual([...labels].sort());

    const threshold = await chooseThreshold(classify, exampleRequests({ count: 400, part: 'sentences', seed: 7 }), { mostOverRefusal: 0.1 });
    const careful = await measureClassifier(classify, exampleRequests({ count: 400, part: 'sentences' }), { threshold });
    expect(careful.overRefusal).toBeLessThan(0.14);
    expect(careful.precision).toBeGreaterThan(unseen.precision);
    expect(careful.recall).toBeLessThan(unseen.recall);
  });

  test('a label that is not known', () => {
    const model = textClassifier({ labels: ['a'], buckets: 8 });
    expect(() => model.batch([{ text: 'x', label: 'b' }])).toThrow(/one of the labels a but found 'b'/);
    expect(() => textClassifier({ labels: [] })).toThrow(/at least one label/);
  });

  test('nothing to say of an empty text but what is usual', async () => {
    const model = textClassifier({ labels: ['a'], buckets: 8 });
    const params = model.init();
    expect(await (await model.classifier(params))('')).toEqual({ harm: 0.5, labels: { a: 0.5 } });
    disposeTree(params);
  });
});

describe('hiddenClassifier', () => {
  beforeAll(async () => { await useDevice('wasm'); });

  test('a head learns while the body stays as it is, and padding changes nothing', async () => {
    const before = memory().tensors;
    const model = createModel({ model_type: 'gpt2', vocab_size: 128, n_positions: 96, n_embd: 32, n_head: 2, n_layer: 1 });
    const probe = hiddenClassifier(model, { labels: ['harm'], encode: (text) => Array.from(text, (letter) => letter.charCodeAt(0) & 127) });
    const body = model.init(2);
    const params = probe.init(body, { seed: 1 });
    const word = (body as { transformer: { wte: { weight: Tensor } } }).transformer.wte.weight;
    const untouched = Array.from(word.dataSync());
    const examples = exampleRequests({ count: 32, part: 'train' }).map(({ text, label }) => ({ text, ...(label === undefined ? {} : { label: 'harm' }) }));
    const losses: number[] = [];
    const batches = Array.from({ length: 40 }, () => probe.batch(examples));
    for await (const { loss } of train({ params: params as Tree, loss: probe.loss, batches, optimizer: adamw({ lr: 0.1, weightDecay: 0 }), trainable: (path) => path.startsWith('head.') })) losses.push(loss);
    expect(losses[0]).toBeCloseTo(Math.LN2, 1);
    expect(losses.at(-1)!).toBeLessThan(0.9 * losses[0]!);
    expect(Array.from(word.dataSync())).toEqual(untouched);
    const classify = probe.classifier(params);
    const alone = await classify('Explain tides.');
    const together = scope(() => probe.loss(params, probe.batch([{ text: 'Explain tides.' }, { text: 'x'.repeat(90) }])).dataSync()[0]!);
    const other = await classify('x'.repeat(90));
    expect(together).toBeCloseTo((-Math.log(1 - alone.harm) - Math.log(1 - other.harm)) / 2, 4);
    expect((await classify('y'.repeat(500))).harm).toBeGreaterThan(0);
    disposeTree(params);
    expect(memory().tensors - before).toBeLessThanOrEqual(3);
  });
});

describe('measureClassifier', () => {
  test('counts', async () => {
    const found = await measureClassifier((text) => ({ harm: Number(text), labels: {} }), [
      { text: '0.9', label: 'a' }, { text: '0.2', label: 'a' }, { text: '0.5', label: 'b' }, { text: '0.7', lookAlike: true }, { text: '0.1', lookAlike: true }, { text: '0' },
    ]);
    expect(found).toEqual({
      precision: 2 / 3, recall: 2 / 3, f1: 2 / 3, overRefusal: 1 / 3, lookAlikeRefusal: 0.5, truePositives: 2, falsePositives: 1, falseNegatives: 1, trueNegatives: 2, labels: { a: 0.5, b: 1 },
    });
  });

  test('a threshold that lets no more than so many be refused', async () => {
    const classify = (text: string) => ({ harm: Number(text), labels: {} });
    const harmless = ['0.1', '0.2', '0.3', '0.9'].map((text) => ({ text }));
    const threshold = await chooseThreshold(classify, harmless, { mostOverRefusal: 0.25 });
    expect(threshold > 0.3 && threshold < 0.31).toBe(true);
    expect(await chooseThreshold(classify, harmless, { mostOverRefusal: 1 })).toBe(0);
    await expect(chooseThreshold(classify, [{ text: '1', label: 'a' }], { mostOverRefusal: 0.1 })).rejects.toThrow(/texts without a label/);
  });

  test('the likeliest label', () => {
    expect(likeliestLabel({ harm: 1, labels: { a: 0.1, b: 0.3 } })).toBe('b');
    expect(likeliestLabel({ harm: 1, labels: {} })).toBeUndefined();
  });
});
