// Type-checked against the tarballs: what a user writes compiles with what we publish.
import { type Document, exactDedup, type Filter, filterDocuments } from '@llm/data-quality';
import { gpt2Split, type Tokenizer, trainBpe } from '@llm/tokenizer';

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
