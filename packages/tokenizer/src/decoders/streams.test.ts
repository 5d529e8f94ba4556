// Tokenizers of every decoder: what is no id does not end a stream, and what are no ids is told in words.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tokenizerFromJson, trainBpe } from '../index.ts';

const { tokenizers } = JSON.parse(readFileSync(new URL('../../fixtures/pipelines.json', import.meta.url), 'utf8')) as { tokenizers: Record<string, { file: unknown }> };
const bytes = await trainBpe(['the theory of the other thing'], { vocabSize: 280 });
const kinds = [['bytes', bytes] as const, ...Object.entries(tokenizers).map(([name, { file }]) => [name, tokenizerFromJson(file)] as const)];

describe.each(kinds)('%s', (_, tokenizer) => {
  test('a stream goes on behind what is no id as if it had not come', () => {
    const ids = tokenizer.encode('the other water of them, \u6c34 e\u0301 \u{1f600}');
    const stream = tokenizer.streamDecoder();
    let text = '';
    for (const id of ids) {
      for (const none of [-1, tokenizer.size, 0.5, NaN]) expect(() => stream.push(none)).toThrow(RangeError);
      text += stream.push(id);
    }
    expect(text + stream.end()).toBe(tokenizer.decode(ids));
  });

  test('one id, an object or nothing instead of ids', () => {
    for (const [given, found] of [[65, '65'], [{}, 'an object'], [null, 'null'], [undefined, 'undefined']] as const) {
      expect(() => tokenizer.decode(given as never)).toThrow(new TypeError(`decode: expected ids but found ${found}. Pass an array of them, also for one.`));
    }
    for (const ids of [[0, 1], new Set([0, 1]), Uint32Array.of(0, 1), Uint16Array.of(0, 1)]) expect(tokenizer.decode(ids)).toBe(tokenizer.decode([0, 1]));
  });
});
