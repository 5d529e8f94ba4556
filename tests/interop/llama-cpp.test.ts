import { readFileSync } from 'node:fs';
import { disposeTree, useDevice } from '@llm/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { ourAnswer, toleranceOf } from './llama-cpp/our-answer.mjs';
import { TEXTS, tinyModel } from './llama-cpp/tiny-models.mjs';

// What llama.cpp answered, as llama-cpp.mjs wrote it down; that script asks it again.
interface Answer { readonly model: string; readonly mixture: string; readonly sha256: string; readonly tokens: readonly number[]; readonly probabilities: readonly number[] }
const { answers, texts } = JSON.parse(readFileSync(new URL('llama-cpp/answers.json', import.meta.url), 'utf8')) as { answers: readonly Answer[]; texts: Record<string, number[][]> };

beforeAll(async () => { await useDevice('wasm', { threads: 1 }); });

describe.each(Object.keys(texts))('%s', (name) => {
  test('gives the file that llama.cpp was asked with, and the 32 greedy tokens that it answered', async () => {
    const made = await tinyModel(name);
    for (const { mixture, sha256, tokens, probabilities } of answers.filter(({ model }) => model === name)) {
      const ours = await ourAnswer(made, mixture);
      expect(ours.sha256, mixture).toBe(sha256);
      expect(ours.tokens, mixture).toEqual(tokens);
      ours.probabilities.forEach((probability: number, i: number) => expect(Math.abs(probability - probabilities[i]!), `${mixture} ${i}`).toBeLessThan(toleranceOf(mixture)));
    }
    expect(TEXTS.map((text: string) => [...made.tokenizer.encode(text)])).toEqual(texts[name]);
    disposeTree(made.params);
  });
});
