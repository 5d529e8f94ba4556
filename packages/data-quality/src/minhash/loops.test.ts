import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { mix } from '../vocabulary.ts';
import { compiledFastSignature, createFastMinhash, plainFastSignature } from './fast-minhash.ts';
import { openLoops } from './loops.ts';
import { compiledSignature, createMinhash, plainSignature } from './minhash.ts';
import { createPermutations } from './permutations.ts';
import { simplifyText } from './simplify-text.ts';

test('compiled.ts was made of minhash.as.ts as it is now', () => {
  const [source, compiled] = ['minhash.as.ts', 'compiled.ts'].map((name) => readFileSync(new URL(name, import.meta.url), 'utf8'));
  expect(compiled).toContain(createHash('sha256').update(source!).digest('hex'));
  // Browsers compile no more than this at once on the main thread, some of them.
  expect(compiled!.length * 0.75).toBeLessThan(4096);
});

let state = 7;
const random = (below: number): number => ((state = mix(state + 0x9e3779b9)) >>> 0) % below;
const ALPHABETS = [' abc', ' abcdefghijklmnopqrstuvwxyzABCXYZ,.;0123456789', 'ab 1.,2\u0301é—“”', 'de 中文字，。 русский ÀÉ\t\n', 'x 😀🎉\ufe0f👍🏽 y', '각한글 σΣς ٣\u{10400}\u{1d7ce}\ud83d ß'].map((letters) => [...letters]);
const textOf = (letters: readonly string[], length: number): string => Array.from({ length }, () => letters[random(letters.length)]).join('');
const texts = ALPHABETS.flatMap((letters) => [0, 1, 9, 10, 30, 80, 200, 1000, 3000].flatMap((length) => [textOf(letters, length), textOf(letters, length)]));
const long = ['word '.repeat(40_000), 'x'.repeat(150_000), 'a bc def '.repeat(100_000), `${'y'.repeat(140_000)} a b c d e ${'z9.5 '.repeat(30_000)}`, `${textOf(ALPHABETS[3]!, 70_000)}${textOf(ALPHABETS[0]!, 70_000)}`];

describe('the compiled loops return what the definitions do', () => {
  test.each(['xxhash', 'sha1'] as const)('64 bits, %s', (hash) => {
    for (const ngrams of [1, 5, 17]) {
      const options = { ngrams, hash, words: (text: string) => text.split(' ').filter(Boolean) };
      const permutations = createPermutations(24, 3);
      const [compiled, plain] = [compiledSignature(options, permutations)!, plainSignature(options, permutations)];
      let found = 0;
      for (const text of texts) {
        const signature = plain(text);
        if (signature) found++;
        expect(compiled(text), text).toEqual(signature);
      }
      expect(found).toBeGreaterThan(20);
    }
  });

  test('the fast signatures, in stretches and whole, whatever the characters', () => {
    for (const [ngrams, size] of [[5, 112], [1, 7], [2, 1]] as const) {
      const options = { ngrams, size, seed: 99 };
      const [compiled, plain] = [compiledFastSignature(simplifyText, options)!, plainFastSignature(simplifyText, options)];
      for (const text of [...texts, ...long]) expect(compiled(text), text.slice(0, 300)).toEqual(plain(text));
    }
    const own = (text: string): string => text.toUpperCase();
    const options = { ngrams: 2, size: 16, seed: 5 };
    expect(compiledFastSignature(own, options)!('one two three')).toEqual(plainFastSignature(own, options)('ONE Two THREE'));
  });
});

test('memory that a large text took is given back', () => {
  const before = openLoops()!;
  const minhash = createFastMinhash();
  const small = minhash.signature('one two three four five');
  // One word, which cannot be cut into stretches.
  expect(minhash.signature('x'.repeat(14_000_000))).toBeUndefined();
  expect(before.memory.buffer.byteLength).toBeGreaterThan(2 ** 26);
  expect(openLoops()!.memory.buffer.byteLength).toBeLessThan(2 ** 20);
  expect(minhash.signature('one two three four five')).toEqual(small);
});

describe('where a page allows no WebAssembly', () => {
  afterEach(() => void vi.unstubAllGlobals());

  test('signatures are the same', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    vi.resetModules();
    const fresh = { ...(await import('./minhash.ts')), ...(await import('./fast-minhash.ts')), ...(await import('./loops.ts')) };
    expect(fresh.openLoops()).toBeUndefined();
    for (const text of texts.slice(0, 40)) {
      expect(fresh.createMinhash().signature(text)).toEqual(createMinhash().signature(text));
      expect(fresh.createFastMinhash().signature(text)).toEqual(createFastMinhash().signature(text));
    }
  });
});
