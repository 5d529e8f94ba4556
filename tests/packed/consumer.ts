// Type-checked against the tarballs: what a user writes compiles with what we publish.
import { type Document, exactDedup, type Filter, filterDocuments } from '@llm/data-quality';
import { createModel, type Model } from '@llm/model';
import { batches, causalLoss, packDocuments } from '@llm/pretrain';
import { mul, type Tensor, type Tree, useDevice } from '@llm/tensor';
import { gpt2Split, type Tokenizer, trainBpe } from '@llm/tokenizer';
import { adamw, type Optimizer, train } from '@llm/train';

/** A filter of the user's own, beside one of ours. */
const rule = { reason: 'too_long', threshold: 100, comparison: 'max' } as const;
const shortDocuments: Filter = {
  name: 'short',
  rules: [rule],
  check: ({ text }) => (text.length <= rule.threshold ? { keep: true } : { keep: false, measured: text.length, ...rule }),
};

export async function cleanAndTrain(documents: Iterable<Document>): Promise<Tokenizer> {
  const texts: string[] = [];
  for await (const { text } of filterDocuments(documents, [exactDedup(), shortDocuments])) texts.push(text);
  const tokenizer = await trainBpe(texts, { vocabSize: 512, pattern: gpt2Split });
  const ids: Uint32Array = tokenizer.encode('hello', { allowSpecial: true });
  // @ts-expect-error ids are not text
  tokenizer.decode('hello');
  return ids.length > 0 ? tokenizer : trainBpe(texts, { vocabSize: 1024 });
}

/** An optimizer of the user's own takes the place of ours. */
const halved = (inner: Optimizer): Optimizer => ({ ...inner, name: 'halved', update: (step) => inner.update({ ...step, scale: mul(step.scale, 0.5) }) });

export async function pretrain(documents: readonly (readonly number[])[]): Promise<number> {
  await useDevice('wasm', { threads: 2 });
  const model: Model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 16, n_embd: 8, n_head: 2, n_layer: 1 });
  const params: Tree = model.init(0);
  const objective = causalLoss(model);
  const loss = (tree: Tree, batch: Parameters<typeof objective>[1]): Tensor => objective(tree, batch);
  const rows = packDocuments(documents, { length: 16 });
  let last = Infinity;
  for await (const step of train({ params, loss, batches: batches(rows, { batch: 1, seed: 0 }), optimizer: halved(adamw({ lr: 1e-3 })), steps: 2 })) last = step.loss;
  // @ts-expect-error a rate is needed
  adamw({});
  return last;
}
