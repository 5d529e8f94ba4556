import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { gpt2Split } from '@llm/tokenizer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tinyText } from '../fixtures/tiny-run.ts';
import { compressions } from './compression.ts';
import { documentation, gopher, none } from './filters.ts';

import { readText, trainTokenizer } from './prepare-data.ts';
import { type Decision, findModules, readCorpus } from './read-corpus.ts';
import { sections } from './sections.ts';
import { documentsOf, growingStore, readTokens, writeTokens } from './token-store.ts';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'llm-corpus-')); });
afterEach(() => rmSync(folder, { recursive: true }));

describe('reading', () => {
  test('the documentation of installed packages, each decision told, an example of each reason kept', async () => {
    const write = (path: string, text: string): void => {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    write('node_modules/.package-lock.json', '{}');
    write('node_modules/a/package.json', '{"name":"a","version":"1.0.0"}');
    // Sentences of one document differ more than those of `tinyText`.
    const prose = 'To be read by people, a text must have words that they know, and it should say each thing once. The first part of this file explains how to use the library with a small program; the second part lists what can go wrong, and what to do about that. Whoever has to change it will find the reasons beside the code.';
    write('node_modules/a/README.md', prose);
    write('node_modules/a/copy.md', prose);
    write('node_modules/a/index.d.ts', 'export {};');
    write('node_modules/a/empty.md', '');
    const decisions: Decision[] = [];
    const corpus = readCorpus({ filters: documentation, cwd: join(folder, 'node_modules', 'a'), onDecision: (decision) => decisions.push(decision) });
    const ids: string[] = [];
    for await (const { id } of corpus.documents) ids.push(id);
    expect(ids).toEqual(['a/README.md']);
    expect(decisions.map(({ id, kept, reason }) => [id, kept, reason])).toEqual([['a/README.md', true, undefined], ['a/copy.md', false, 'exact_duplicate'], ['a/index.d.ts', false, 'gopher_short_doc']]);
    expect(corpus.examples.map(({ reason, text }) => [reason, text.slice(0, 9)])).toEqual([['exact_duplicate', 'To be rea'], ['gopher_short_doc', 'export {}']]);
    expect(corpus.ledger.toJSON().skipped).toMatchObject([{ reason: 'empty file', count: 1 }]);
  });

  test('where there is no node_modules, its own or ours, the remedy is named', () => {
    expect(() => findModules(folder, folder)).toThrow('Name your own text with --data PATH.');
  });

  test('filter sets say what they relax', () => {
    expect([documentation, gopher, none].map(({ filters, relaxed }) => [filters().length, relaxed.length > 0])).toEqual([[3, true], [3, false], [0, false]]);
  });
});

describe('a few documents', () => {
  test('are cut at blank lines, nothing lost', () => {
    const text = tinyText(60);
    const parts = sections({ id: 'a.md', text }, { characters: 400 });
    expect(parts.map((part) => part.text).join('')).toBe(text);
    expect(parts.length).toBeGreaterThan(3);
    expect(parts[1]!.id).toBe('a.md#2');
    for (const part of parts) expect(part.text.length).toBeGreaterThanOrEqual(400);
    expect(sections({ id: 'a.md', text: 'short' }, { characters: 400 })).toEqual([{ id: 'a.md', text: 'short' }]);
    expect(sections({ id: 'a.md', text: '' }, { characters: 400 })).toEqual([]);
  });

  const corpusOf = (texts: readonly string[]): ReturnType<typeof readCorpus> => {
    texts.forEach((text, i) => writeFileSync(join(folder, `${i}.md`), text));
    return readCorpus({ paths: ['.'], filters: none, cwd: folder });
  };

  test('leave something to hold out, the same each time', async () => {
    const read = (): ReturnType<typeof readText> => readText(corpusOf([tinyText(300)]), { validationShare: 0.1, seed: 0 });
    const { train, validation, sha256 } = await read();
    expect(train.length).toBeGreaterThan(validation.length);
    expect(validation.length).toBeGreaterThan(0);
    expect((await read()).sha256).toBe(sha256);
  });

  test('too little text is refused, saying how much it takes', async () => {
    await expect(readText(corpusOf(['little']), { validationShare: 0.1, seed: 0 })).rejects.toThrow('expected at least 4,000 characters of text after filtering but found 6 in 1 of 1 documents');
    await expect(readText(corpusOf(['x'.repeat(5000)]), { validationShare: 0.1, seed: 0 })).rejects.toThrow('divided into training and validation but found 1 piece.');
  });
});

test('a tokenizer is trained on an even share of the text, or on all of it', async () => {
  const documents = Array.from({ length: 100 }, (_, i) => ({ id: `${i}`, text: tinyText(1 + (i % 5), i) }));
  const total = documents.reduce((sum, { text }) => sum + text.length, 0);
  for (const maxBytes of [total / 4, total, 10 * total]) {
    const { bytes, tokenizer } = await trainTokenizer(documents, { vocabSize: 300, pattern: gpt2Split, maxBytes });
    expect(tokenizer.size).toBe(300);
    expect(Math.abs(bytes - Math.min(total, maxBytes))).toBeLessThan(300);
  }
});

test('compressors are counted in bits for each byte of UTF-8', () => {
  const text = 'naïve '.repeat(200);
  const found = compressions(text);
  expect(found.map(({ name }) => name)).toEqual(expect.arrayContaining(['gzip -9', 'brotli 11']));
  const size = gzipSync(text, { level: 9 }).length;
  expect(found[0]).toEqual({ name: 'gzip -9', bytes: size, bitsPerByte: (8 * size) / 1400 });
  expect(gunzipSync(gzipSync(text)).toString()).toBe(text);
  expect(compressions('').every(({ bitsPerByte }) => bitsPerByte === 0)).toBe(true);
});

test('token stores come back from their file', async () => {
  const store = growingStore();
  const documents = [[1, 2, 3], [], [70_000], Array.from({ length: 100_000 }, (_, i) => i)];
  for (const ids of documents) store.add(ids);
  expect(store.tokens).toBe(100_004);
  await writeTokens(join(folder, 't.safetensors'), { train: store.finish(), validation: growingStore().finish() });
  const { train, validation } = await readTokens(join(folder, 't.safetensors'), ['train', 'validation']);
  expect([...documentsOf(train!)].map((ids) => [...ids])).toEqual(documents);
  expect([...documentsOf(validation!)]).toEqual([]);
});
