import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TokenizedPair } from '../offline/pair-batch.ts';
import { densityRatio } from './density-ratio.ts';
import { detectPreferences, type Message, type PreferenceExample } from './examples.ts';
import { extractPrompt } from './extract-prompt.ts';
import { filterLongPairs } from './filter-long-pairs.ts';
import { lengthBalance } from './length-balance.ts';
import { swapPairs } from './swap-pairs.ts';
import { type PreferenceTokenizer, tokenizeCompletions, tokenizePairs } from './tokenize.ts';
import { keepEnd, keepStart } from './truncate.ts';
import { unpairPreferences } from './unpair.ts';

const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8')) as T;
/** "w5 w6" is 5, 6, as in fixtures/make-trajectories.py. */
const words: PreferenceTokenizer = {
  encode: (text) => text.split(' ').filter(Boolean).map((word) => Number(word.slice(1))), endId: 2,
};

describe('extractPrompt', () => {
  const { extract_prompt: cases } = read<{ extract_prompt: { example: PreferenceExample; result: object }[] }>('data.json');
  test.each(cases)('as TRL: $example', ({ example, result }) => { expect(extractPrompt(example)).toEqual(result); });

  test('texts that part at once have an empty prompt, also where the chosen one ends with a space', () => {
    expect(extractPrompt({ chosen: 'xy ', rejected: 'ab' })).toEqual({ prompt: '', chosen: 'xy ', rejected: 'ab' });
  });
  test('what is more than the text stays, and a prompt that is there is left', () => {
    expect(extractPrompt({ chosen: 'ab', rejected: 'ac', margin: 2 })).toEqual({ prompt: 'a', chosen: 'b', rejected: 'c', margin: 2 });
    const example = { prompt: 'p', chosen: 'pa', rejected: 'pb' };
    expect(extractPrompt(example)).toBe(example);
  });
  test('an empty completion, and text against messages, are refused', () => {
    expect(() => extractPrompt({ chosen: 'a', rejected: '' })).toThrow('extractPrompt: expected two completions but found an empty rejected one');
    expect(() => extractPrompt({ chosen: 'a', rejected: [{ role: 'user', content: 'a' }] })).toThrow('both text or both messages');
  });
  test('put together again, it is the example', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }), (a, b, start) => {
      const { prompt, chosen, rejected } = extractPrompt({ chosen: start + a, rejected: start + b });
      expect([`${prompt as string}${chosen as string}`, `${prompt as string}${rejected as string}`]).toEqual([start + a, start + b]);
      expect((chosen as string).length * (rejected as string).length).toBeGreaterThan(0);
    }));
  });
});

describe('tokenizePairs', () => {
  test('texts become TRL\'s ids, those of ten steps of its DPOTrainer', () => {
    const { pairs, tokenized } = read<{ pairs: { prompt: number[]; chosen: number[]; rejected: number[] }[]; tokenized: object[] }>('trajectories.json');
    const text = (ids: number[]): string => ids.map((id) => `w${id}`).join(' ');
    const found = tokenizePairs(pairs.map(({ prompt, chosen, rejected }) => ({ prompt: text(prompt), chosen: ` ${text(chosen)}`, rejected: ` ${text(rejected)}` })), { tokenizer: words });
    expect(found).toEqual({ examples: tokenized, dropped: [], cutPrompts: [] });
  });

  test('the completion starts where the ids part, and that is told', () => {
    // "ab" is one token, so that the prompt's "a" is lost.
    const tokenizer: PreferenceTokenizer = { encode: (text) => [...text.matchAll(/ab|./g)].map(([token]) => (token === 'ab' ? 50 : token.charCodeAt(0))), endId: 0 };
    expect(tokenizePairs([{ prompt: 'xa', chosen: 'b', rejected: 'c' }], { tokenizer })).toEqual({
      examples: [{ prompt: [120], chosen: [50, 0], rejected: [97, 99, 0] }], dropped: [], cutPrompts: [{ example: 0, tokens: 1 }],
    });
  });

  test('an end that is there is not put twice; long prompts are dropped; margins stay; conversations go through the template', () => {
    const encodeMessages = (messages: readonly Message[], { generationPrompt }: { generationPrompt: boolean }): number[] => [
      ...messages.flatMap(({ role, content }) => [role === 'user' ? 90 : 91, ...Array.from(words.encode(content)), 92]), ...(generationPrompt ? [91] : []),
    ];
    const tokenizer = { ...words, encodeMessages };
    const found = tokenizePairs([
      { prompt: 'w5', chosen: ' w6 w2', rejected: ' w7', margin: 0.5 }, { prompt: 'w5 w6 w7', chosen: ' w8', rejected: ' w9' },
      { chosen: [{ role: 'user', content: 'w5' }, { role: 'assistant', content: 'w6' }], rejected: [{ role: 'user', content: 'w5' }, { role: 'assistant', content: 'w7' }] },
    ], { tokenizer, truncation: keepStart({ maxTokens: 3 }) });
    expect(found.examples).toEqual([{ prompt: [5], chosen: [6, 2], rejected: [7, 2], margin: 0.5 }]);
    expect(found.dropped).toEqual([1, 2]);
    const whole = tokenizePairs([{ chosen: [{ role: 'user', content: 'w5' }, { role: 'assistant', content: 'w6' }], rejected: [{ role: 'user', content: 'w5' }, { role: 'assistant', content: 'w7' }] }], { tokenizer });
    expect(whole.examples).toEqual([{ prompt: [90, 5, 92, 91], chosen: [6, 92], rejected: [7, 92] }]);
    expect(() => tokenizePairs([{ chosen: [{ role: 'user', content: 'w5' }], rejected: [{ role: 'user', content: 'w6' }] }], { tokenizer: words })).toThrow('expected a tokenizer with encodeMessages');
  });

  test('single completions', () => {
    const examples = unpairPreferences([{ prompt: 'w5', chosen: ' w6', rejected: ' w7 w8' }]);
    expect(examples).toEqual([{ prompt: 'w5', completion: ' w6', label: true }, { prompt: 'w5', completion: ' w7 w8', label: false }]);
    expect(tokenizeCompletions(examples, { tokenizer: words, maxTokens: 3 })).toEqual({
      examples: [{ prompt: [5], completion: [6, 2], desirable: true }, { prompt: [5], completion: [7, 8], desirable: false }], dropped: [], cutPrompts: [],
    });
    expect(tokenizeCompletions([{ prompt: 'w5 w6', completion: ' w7', label: true }], { tokenizer: words, maxTokens: 2 }).dropped).toEqual([0]);
  });
});

describe('truncation', () => {
  const pair: TokenizedPair = { prompt: [1, 2, 3, 4], chosen: [5, 6, 7], rejected: [8] };
  test('keepStart cuts completions, and drops what has no room for one', () => {
    expect(keepStart({ maxTokens: 6 })(pair)).toEqual({ ...pair, chosen: [5, 6] });
    expect(keepStart({ maxTokens: 4 })(pair)).toBeUndefined();
    expect(keepStart()(pair)).toEqual(pair);
  });
  test('keepEnd cuts prompts, each as its completion wants it', () => {
    expect(keepEnd({ maxTokens: 5 })(pair)).toEqual({ prompt: [3, 4], chosen: [5, 6, 7], rejected: [8], rejectedPrompt: [1, 2, 3, 4] });
    expect(keepEnd({ maxTokens: 7 })(pair)).toEqual(pair);
    // Nothing of the prompt is left before the chosen one: its first token stands in.
    expect(keepEnd({ maxTokens: 2 })(pair)).toEqual({ prompt: [6], chosen: [7], rejected: [8], rejectedPrompt: [4] });
    expect(() => keepEnd({ maxTokens: 1 })).toThrow('keepEnd: expected maxTokens to be a whole number from 2 on but found 1');
  });
  test('filterLongPairs leaves whole pairs out', () => {
    expect(filterLongPairs([pair, { ...pair, chosen: [5] }], { maxTokens: 6 })).toEqual({ kept: [{ ...pair, chosen: [5] }], dropped: [0] });
  });
});

describe('detectPreferences', () => {
  const messages = [{ role: 'user', content: 'a' }];
  test('every type', () => {
    expect(detectPreferences([{ prompt: 'a', chosen: 'b', rejected: 'c' }])).toEqual({ kind: 'preference', conversational: false });
    expect(detectPreferences([{ chosen: messages, rejected: messages, margin: 1 }])).toEqual({ kind: 'implicit prompt', conversational: true });
    expect(detectPreferences([{ prompt: 'a', completion: 'b', label: true }])).toEqual({ kind: 'unpaired', conversational: false });
    expect(detectPreferences([{ prompt: 'a', completions: ['b', 'c'], labels: [true, false] }])).toEqual({ kind: 'stepwise', conversational: false });
  });
  test.each([
    [[], 'expected at least one example but found none'],
    [[{ text: 'a' }], 'expected chosen and rejected, or prompt, completion and label, or prompt, completions and labels, but found text'],
    [[{ prompt: 'a', chosen: 'b', rejected: 'c' }, { prompt: 'a', chosen: messages, rejected: 'c' }], 'expected chosen of example 1 to be text, as in the first but found [{"role"'],
    [[{ prompt: 'a', chosen: 'b', rejected: 'c' }, { prompt: 'a', chosen: 'b' }], 'expected rejected of example 1 to be text, as in the first but found nothing'],
    [[{ chosen: messages, rejected: [{ role: 'user' }] }], 'expected rejected of example 0 to be messages with role and content'],
    [[{ prompt: 'a', completion: 'b', label: 1 }], 'expected label of example 0 to be true or false but found 1'],
    [[{ prompt: 'a', completions: ['b'], labels: [true, true] }], 'expected labels of example 0 to be as many as its 1 completions but found [true,true]'],
  ])('%j is refused', (examples, message) => { expect(() => detectPreferences(examples)).toThrow(message); });
});

test('swapPairs exchanges a share of the pairs, the same ones for the same seed', () => {
  const pairs = Array.from({ length: 2000 }, (_, i) => ({ prompt: [1], chosen: [i], rejected: [-i], reference: { chosen: 1, rejected: 2 } }));
  const { examples, swapped } = swapPairs(pairs, { fraction: 0.3, seed: 4 });
  expect(swapped.length / 2000).toBeGreaterThan(0.27);
  expect(swapped.length / 2000).toBeLessThan(0.33);
  expect(swapPairs(pairs, { fraction: 0.3, seed: 4 }).swapped).toEqual(swapped);
  expect(swapPairs(pairs, { fraction: 0.3, seed: 5 }).swapped).not.toEqual(swapped);
  const [first] = swapped;
  expect(examples[first!]).toEqual({ prompt: [1], chosen: [-first!], rejected: [first!], reference: { chosen: 2, rejected: 1 } });
  expect(swapPairs(examples, { fraction: 1, seed: 0 }).examples[first!]).toEqual(pairs[first!]);
  expect(swapPairs(pairs, { fraction: 0, seed: 0 })).toEqual({ examples: pairs, swapped: [] });
});

test('lengthBalance by hand', () => {
  expect(lengthBalance([{ chosen: 'abcd', rejected: 'ab' }, { chosen: 'a', rejected: 'a' }, { chosen: 'ab', rejected: 'a' }, { chosen: 'a', rejected: 'abcd' }])).toEqual({
    pairs: 4, longer: 0.5, equal: 0.25, shorter: 0.25, meanChosen: 2, meanRejected: 2, medianLogRatio: Math.LN2 / 2, lengthAccuracy: 0.625,
  });
  expect(lengthBalance([{ chosen: [1], rejected: [2] }], { lengthOf: ([x]) => x! }).shorter).toBe(1);
  expect(() => lengthBalance([])).toThrow('lengthBalance: expected at least one pair but found none');
});

describe('densityRatio', () => {
  interface Bco { readonly embeddings: number[][]; readonly labels: number[]; readonly batches: { prompts: number[][]; desirable: number[]; ratios: number[] }[] }
  test('the ratios are those of TRL with scikit-learn\'s classifier', () => {
    const { embeddings, labels, batches } = read<{ bco_weighed: Bco }>('bco-and-prm.json').bco_weighed;
    const ratio = densityRatio({ desirable: embeddings.filter((_, i) => labels[i] === 1), undesirable: embeddings.filter((_, i) => labels[i] === 0) });
    for (const { prompts, desirable, ratios } of batches) {
      const found = prompts.filter((_, i) => desirable[i] === 0).map(ratio);
      expect(found.length).toBe(ratios.length);
      found.forEach((value, i) => { expect(value).toBeCloseTo(ratios[i]!, 5); });
    }
  });
  test('ratios stay in their bounds, also where both kinds can be told apart without fail', () => {
    const ratio = densityRatio({ desirable: [[1], [2]], undesirable: [[-1], [-2]] });
    expect([ratio([100]), ratio([-100])]).toEqual([10, 0.5]);
    expect(() => ratio([1, 2])).toThrow('densityRatio: expected an embedding of 1 numbers but found 2');
    expect(() => densityRatio({ desirable: [], undesirable: [[1]] })).toThrow('found 0 desirable and 1 undesirable');
  });
});
