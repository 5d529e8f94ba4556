import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  cl100kSplit,
  gpt2Split,
  llama3Split,
  qwen2Split,
  tokenizerFromJson,
  tokenizerToText,
  trainBpe,
  type Split,
  type Tokenizer,
} from './index.ts';

interface Expected {
  readonly trainings: Record<string, { pattern: string; options: { vocabSize?: number }; sha256: string }>;
  readonly ids: Record<string, string[]>;
  readonly variants: Record<
    string,
    { from: string; patch: object; saved: string; ids: string; textIds: string; templateIds: string; offsets: string }
  >;
}

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const { strings, documents } = JSON.parse(fixture('hostile.json')) as { strings: string[]; documents: string[] };
const expected = JSON.parse(fixture('expected.json')) as Expected;
const splits: Record<string, Split> = { gpt2: gpt2Split, cl100k: cl100kSplit, llama3: llama3Split, qwen2: qwen2Split };

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function train(name: string): Promise<Tokenizer> {
  const { pattern, options } = expected.trainings[name]!;
  return trainBpe(documents, { vocabSize: 30_000, ...options, pattern: splits[pattern]! });
}

describe('training gives the file that Hugging Face tokenizers saves', () => {
  test('to the byte', async () => {
    expect(tokenizerToText(await train('gpt2'))).toBe(fixture('trained-gpt2.json'));
  });

  test.each(Object.keys(expected.trainings))('%s', async (name) => {
    expect(await sha256(tokenizerToText(await train(name)))).toBe(expected.trainings[name]!.sha256);
  });
});

describe('encoding gives the ids of Hugging Face tokenizers', () => {
  test.each([
    ['gpt2', 'gpt2'],
    ['cl100k', 'llama3'],
    ['llama3', 'llama3'],
  ])('%s on 1,000 hostile strings', async (name, ids) => {
    const tokenizer = await train(name);
    const found = strings.map((text) => tokenizer.encode(text, { allowSpecial: true }).join(' '));
    expect(strings.length).toBe(1000);
    expect(found).toEqual(expected.ids[ids]);
  });

  test('and the text comes back', async () => {
    const tokenizer = await train('gpt2');
    for (const text of strings) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      const stream = tokenizer.streamDecoder();
      const parts = Array.from(tokenizer.encode(text, { allowSpecial: true }), stream.push);
      expect(parts.join('') + stream.end()).toBe(text);
    }
  });
});

describe('files of other makers', () => {
  test.each(Object.keys(expected.variants))('%s: saved again and encoded the same', async (name) => {
    const { from, patch, ...want } = expected.variants[name]!;
    const tokenizer = tokenizerFromJson({ ...(await train(from)).toJSON(), ...patch });
    const all = (options: object): Promise<string> =>
      sha256(JSON.stringify(strings.map((text) => Array.from(tokenizer.encode(text, options)))));
    expect({
      saved: await sha256(tokenizerToText(tokenizer)),
      ids: await all({ allowSpecial: true }),
      textIds: await all({}),
      templateIds: await all({ allowSpecial: true, addSpecialTokens: true }),
      offsets: await sha256(JSON.stringify(strings.map((text) => Array.from(
        tokenizer.encodeWithOffsets(text, { allowSpecial: true, addSpecialTokens: true, unit: 'codePoint' }).offsets,
      )))),
    }).toEqual(want);
    expect(tokenizerToText(tokenizerFromJson(tokenizer.toJSON()))).toBe(tokenizerToText(tokenizer));
  });
});
