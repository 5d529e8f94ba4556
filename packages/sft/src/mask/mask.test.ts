import { trainBpe } from '@llm/tokenizer';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Example, plainExample } from '../examples/example.ts';
import { encodeExample } from '../examples/encode-example.ts';
import { readExample } from '../formats/read-example.ts';
import { checkMask } from './check-mask.ts';
import { maskToAnsi } from './mask-to-ansi.ts';
import { maskToHtml } from './mask-to-html.ts';
import { maskView } from './mask-view.ts';

let tokenizer: Awaited<ReturnType<typeof trainBpe>>;
beforeAll(async () => { tokenizer = await trainBpe(['a b'], { vocabSize: 257, specialTokens: ['<end>'] }); });
const pair = (prompt: string, completion: string): Example => encodeExample(readExample({ prompt, completion }), { tokenizer, eosId: tokenizer.specialTokens.get('<end>')! });
const DIM = '\u001b[2m';
const GREEN = '\u001b[32m';
const OFF = '\u001b[0m';

test('tokens with their text and weight; a character of several tokens comes with its last', () => {
  const { tokens, trained, total } = maskView(pair('ä=', 'é'), tokenizer);
  expect(tokens.map(({ text, weight, special }) => [text, weight, special])).toEqual([['', 0, false], ['ä', 0, false], ['=', 0, false], ['', 1, false], ['é', 1, false], ['<end>', 1, true]]);
  expect([trained, total]).toEqual([3, 6]);
});

test('a character that is never completed shows as one that is broken', () => {
  const [lead] = tokenizer.encode('é');
  expect(maskView(plainExample([65, lead!].map((id) => (id === 65 ? tokenizer.encode('A')[0]! : id))), tokenizer).tokens.map(({ text }) => text)).toEqual(['A', '\uFFFD']);
});

test('the first token is never learned', () => {
  expect(maskView(plainExample(tokenizer.encode('ab')), tokenizer)).toMatchObject({ trained: 1, total: 2, tokens: [{ weight: 0 }, { weight: 1 }] });
});

test('for a terminal: dim, green, yellow for other weights, line by line', () => {
  expect(maskToAnsi(maskView(pair('q\n', 'a'), tokenizer))).toBe(`${DIM}q${OFF}\n${GREEN}a<end>${OFF}\n2 of 4 tokens are learned`);
  const { ids } = pair('q', 'a');
  expect(maskToAnsi(maskView({ ids, weights: Float32Array.of(0, 0.5, 1) }, tokenizer))).toContain('\u001b[33ma\u001b[0m');
});

test('what a terminal would obey is written out', () => {
  const drawn = maskToAnsi(maskView(pair('a\u001b[31m\u0007\r\u202e\u009b', 'b\t'), tokenizer));
  expect(drawn).toContain('a\\u{1b}[31m\\u{7}\\u{d}\\u{202e}\\u{9b}');
  expect(drawn.replace(/\u001b\[(0|2|32)m/g, '')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});

test('for a page: what is learned is marked, and everything is escaped', () => {
  expect(maskToHtml(maskView(pair('<b>"&\'', '</mark>'), tokenizer))).toBe(
    '<pre class="mask" data-trained="8" data-total="14"><span>&lt;b&gt;&quot;&amp;&#39;</span><mark>&lt;/mark&gt;&lt;end&gt;</mark></pre>',
  );
  expect(maskToHtml(maskView({ ids: pair('q', 'a').ids, weights: Float32Array.of(0, 0.5, 1) }, tokenizer))).toContain('<mark title="weight 0.5">a</mark>');
});

describe('the mask is looked at before the first step', () => {
  const masked = (example: Example): Example => ({ ...example, weights: new Float32Array(example.ids.length) });

  test('everything masked is an error that shows an example', () => {
    expect(() => checkMask([masked(pair('q', 'a')), masked(pair('q', 'b'))], { tokenizer })).toThrow(expect.objectContaining({
      code: 'E_MASK', message: expect.stringContaining(`expected tokens to learn but found all 6 of 2 examples masked. Check the roles, the chat template and the truncation; the first example:\n${DIM}qa<end>${OFF}`) as string,
    }) as Error);
    expect(() => checkMask([], { tokenizer })).toThrow(expect.objectContaining({ code: 'E_EMPTY' }) as Error);
  });

  test('more than 95 percent masked is a warning with an example in colour', () => {
    const { warning, maskedShare, fullyMasked } = checkMask([{ ...masked(pair('q', 'a')), index: 8 }, pair('q'.repeat(60), 'a')], { tokenizer });
    expect(maskedShare).toBeCloseTo(1 - 2 / 65, 6);
    expect(fullyMasked).toEqual([8]);
    expect(warning).toContain('96.9 % of all tokens are masked');
    expect(warning).toContain(`${DIM}${'q'.repeat(60)}${OFF}${GREEN}a<end>${OFF}`);
  });

  test('a usual mask is none', () => {
    expect(checkMask([pair('qqq', 'aa')], { tokenizer })).toEqual({ examples: 1, tokens: 6, trained: 3, maskedShare: 0.5, fullyMasked: [] });
  });
});
