import fc from 'fast-check';
import { processorMilliseconds } from '@llm/testing/node';
import { beforeAll, describe, expect, test } from 'vitest';
import { llama3Split, tokenizerFromJson, trainBpe, type Tokenizer } from './index.ts';

const END = '<|endoftext|>';
const CORPUS = ['the theory of the other thing', 'naïve café, 你好 世界 😀😀', '  if (x) {\n    return 1234;\n  }\n'];
let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await trainBpe(CORPUS, { vocabSize: 310, specialTokens: [END], pattern: llama3Split });
});

// What UTF-8 makes of a string with lone surrogates.
const wellFormed = (text: string): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text));
const units = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.nat(0xffff), { maxLength: 20 }).map((codes) => String.fromCharCode(...codes)),
  fc.array(fc.constantFrom('the', ' ', '\n', END, '<|', 'e\u0301', '😀', '\ud83d', '\0', '\ufeff'), { maxLength: 20 }).map((a) => a.join('')),
);

describe('encode and decode', () => {
  test('text comes back, but for lone surrogates', () => {
    fc.assert(
      fc.property(units, fc.boolean(), (text, allowSpecial) => {
        expect(tokenizer.decode(tokenizer.encode(text, { allowSpecial }))).toBe(wellFormed(text));
      }),
      { numRuns: 1000 },
    );
  });

  test('the bytes of the ids are the bytes of the text', () => {
    fc.assert(
      fc.property(units, (text) => {
        const bytes = Array.from(tokenizer.encode(text)).flatMap((id) => Array.from(tokenizer.idToBytes(id)));
        expect(bytes).toEqual(Array.from(new TextEncoder().encode(text)));
      }),
    );
  });

  test('any ids decode alike at once and one by one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(309), { maxLength: 30 }), fc.boolean(), (ids, skipSpecial) => {
        const stream = tokenizer.streamDecoder({ skipSpecial });
        const parts = ids.map((id) => stream.push(id));
        expect(parts.join('') + stream.end()).toBe(tokenizer.decode(ids, { skipSpecial }));
        for (const part of parts) expect(part).not.toMatch(/[\ud800-\udfff]/u);
      }),
      { numRuns: 1000 },
    );
  });

  test('a stream holds back half a character and gives U+FFFD for one that never ends', async () => {
    const bytes = await trainBpe([], { vocabSize: 256 });
    const [f0, f9, f8, x80] = bytes.encode('😀');
    const stream = bytes.streamDecoder();
    expect([stream.push(f0!), stream.push(f9!), stream.push(f8!), stream.push(x80!), stream.end()]).toEqual(['', '', '', '😀', '']);
    expect([stream.push(f0!), stream.push(f9!), stream.end()]).toEqual(['', '', '\ufffd']);
    expect(stream.push(bytes.tokenToId('a')!)).toBe('a');
  });

  test('special tokens', () => {
    const end = tokenizer.specialTokens.get(END)!;
    expect(Array.from(tokenizer.encode(`a${END}`, { allowSpecial: true }))).toEqual([tokenizer.tokenToId('a'), end]);
    expect(Array.from(tokenizer.encode(`a${END}`))).not.toContain(end);
    expect(tokenizer.decode([end, ...tokenizer.encode('a')], { skipSpecial: true })).toBe('a');
    expect(tokenizer.decode([end])).toBe(END);
    expect(tokenizer.idToBytes(end).length).toBe(0);
  });

  test('ids and tokens', () => {
    expect(tokenizer.size).toBe(310);
    for (let id = 0; id < tokenizer.size; id++) expect(tokenizer.tokenToId(tokenizer.idToToken(id)!)).toBe(id);
    expect(tokenizer.idToToken(310)).toBeUndefined();
    expect(tokenizer.tokenToId('missing')).toBeUndefined();
    tokenizer.idToBytes(1).fill(0);
    expect(tokenizer.decode([1])).toBe('!');
  });

  test('bad arguments are named', () => {
    expect(() => tokenizer.encode(7 as unknown as string)).toThrow('encode: expected a string but found number. Pass text.');
    expect(() => tokenizer.encode(null as unknown as string)).toThrow(TypeError);
    for (const id of [310, -1, 1.5, Number.NaN]) {
      expect(() => tokenizer.decode([id])).toThrow(RangeError);
      expect(() => tokenizer.idToBytes(id)).toThrow('from 0 to 309');
      expect(() => tokenizer.streamDecoder().push(id)).toThrow(RangeError);
    }
  });

  test('a tokenizer keeps its pieces apart from those of another', async () => {
    const other = await trainBpe(['zz zz zz'], { vocabSize: 270 });
    const before = Array.from(tokenizer.encode('the zz'));
    other.encode('the zz');
    expect(Array.from(tokenizer.encode('the zz'))).toEqual(before);
  });

  test('more distinct pieces than are remembered', () => {
    const text = Array.from({ length: 150_000 }, (_, i) => ` ${i.toString(26).replace(/\d/g, (d) => 'qrstuvwxyz'[Number(d)]!)}`).join('');
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    expect(tokenizer.encode(text).join() === tokenizer.encode(text).join()).toBe(true);
  });
});

describe('time is linear in the text', () => {
  test.each<[string, (size: number) => string]>([
    ['no space', (size) => 'the'.repeat(size / 3)],
    ['one letter', (size) => 'a'.repeat(size)],
    ['spaces', (size) => ' '.repeat(size)],
    ['line breaks', (size) => ' \n'.repeat(size / 2)],
    ['combining marks', (size) => 'e' + '\u0301\u0323'.repeat(size / 4)],
    ['NUL', (size) => '\0'.repeat(size)],
    ['lone surrogates', (size) => '\ud800'.repeat(size / 3)],
    ['digits', (size) => '7'.repeat(size)],
    ['almost special', (size) => '<|endoftext|'.repeat(size / 12)],
    ['special', (size) => END.repeat(size / 13)],
  ])('%s', (_, make) => {
    const milliseconds = (size: number): number => {
      const text = make(size);
      const start = processorMilliseconds();
      const ids = tokenizer.encode(text, { allowSpecial: true });
      const taken = processorMilliseconds() - start;
      expect(tokenizer.decode(ids)).toBe(wellFormed(text));
      return taken;
    };
    milliseconds(1 << 14);
    const once = milliseconds(1 << 16);
    // 8 times as long where time is linear, 64 times where it is quadratic; the rest forgives a busy machine.
    expect(milliseconds(1 << 19)).toBeLessThan(24 * once + 250);
  });

  test('Qwen normalization of a long run of marks', () => {
    const nfc = tokenizerFromJson({ ...tokenizer.toJSON(), normalizer: { type: 'NFC' } });
    const start = processorMilliseconds();
    nfc.encode('e' + '\u0301\u0323'.repeat(1 << 18));
    expect(processorMilliseconds() - start).toBeLessThan(10_000);
  });
});
