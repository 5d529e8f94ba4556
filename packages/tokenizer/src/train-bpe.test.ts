import { describe, expect, test } from 'vitest';
import { type BpeModelJson, gpt2Split, trainBpe } from './index.ts';

describe('trainBpe', () => {
  test('worked by hand', async () => {
    // Pieces: "ab" ×3, " ab" ×1, "bc" ×2. Pairs: a b 4, b c 2, Ġ a 1.
    //   1. a b → ab (4). Left: "ab" ×3, "Ġ ab" ×1, "b c" ×2.
    //   2. b c → bc (2).
    //   3. Ġ ab → Ġab (1).
    const tokenizer = await trainBpe(['ab', 'ab ab', 'ab', 'bc', 'bc'].slice(), { vocabSize: 300 });
    expect((tokenizer.toJSON().model as BpeModelJson).merges).toEqual([['a', 'b'], ['b', 'c'], ['Ġ', 'ab']]);
    expect(tokenizer.size).toBe(259);
    expect(Array.from(tokenizer.encode('ab abc'))).toEqual([256, 258, tokenizer.tokenToId('c')]);
  });

  test('of equally frequent pairs the one with the lowest ids comes first', async () => {
    const { model } = (await trainBpe(['zy', 'ba', 'bc'], { vocabSize: 258 })).toJSON();
    expect((model as BpeModelJson).merges).toEqual([['b', 'a'], ['b', 'c']]);
  });

  test('special tokens come first, then the bytes by the code points of their characters', async () => {
    const tokenizer = await trainBpe([], { vocabSize: 258, specialTokens: ['<|a|>', '<|b|>'] });
    expect([0, 1, 2, 3, 257].map((id) => tokenizer.idToToken(id))).toEqual(['<|a|>', '<|b|>', '!', '"', 'Ń']);
    expect([...tokenizer.specialTokens]).toEqual([['<|a|>', 0], ['<|b|>', 1]]);
  });

  test('a merge that spells a known token takes its id', async () => {
    const tokenizer = await trainBpe(['ab ab'], { vocabSize: 400, specialTokens: ['ab'] });
    expect((tokenizer.toJSON().model as BpeModelJson).merges).toEqual([['a', 'b'], ['Ġ', 'ab']]);
    expect(tokenizer.size).toBe(258);
  });

  test('reads an asynchronous source, reports, and stops when told to', async () => {
    async function* documents(): AsyncGenerator<string> {
      for (let i = 0; i < 3; i++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        yield `document ${i}`;
      }
    }
    const phases: string[] = [];
    const tokenizer = await trainBpe(documents(), { vocabSize: 260, onProgress: ({ phase }) => phases.push(phase) });
    expect(tokenizer.size).toBe(260);
    expect(phases).toContain('count');
    expect(phases.at(-1)).toBe('merge');

    const controller = new AbortController();
    const stopped = trainBpe(documents(), { vocabSize: 260, signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
  });

  test('the order of the documents and where they are cut do not matter', async () => {
    const words = ['the cat', 'sat on the', 'mat'];
    const one = await trainBpe(words, { vocabSize: 270 });
    const other = await trainBpe([...words].reverse(), { vocabSize: 270 });
    expect(other.toJSON()).toEqual(one.toJSON());
  });

  test('bad options and documents are named', async () => {
    await expect(trainBpe([], { vocabSize: 256, specialTokens: ['x<'] })).rejects.toThrow(
      'trainBpe: expected vocabSize to be an integer from 257 to 1048576 but found 256.',
    );
    await expect(trainBpe([], { vocabSize: 300.5 })).rejects.toThrow(RangeError);
    await expect(trainBpe([], { vocabSize: Number.NaN })).rejects.toThrow(RangeError);
    await expect(trainBpe([], { vocabSize: 300, minFrequency: -1 })).rejects.toThrow('minFrequency');
    await expect(trainBpe([], { vocabSize: 300, maxTokenLength: 0 })).rejects.toThrow('maxTokenLength');
    await expect(trainBpe([], { vocabSize: 300, specialTokens: [''] })).rejects.toThrow('special tokens');
    await expect(trainBpe(['a', 7 as unknown as string], { vocabSize: 300, pattern: gpt2Split })).rejects.toThrow(
      'trainBpe: expected documents to be strings but found number at position 1.',
    );
  });
});
