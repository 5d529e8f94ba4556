import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cl100kSplit, gpt2Split, llama3Split, nanochatSplit, o200kSplit, qwen2Split, type Split } from './index.ts';

// The patterns as JavaScript can run them: \s as Rust has it, the contractions' cases written out.
const S = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
function asJavaScript(split: Split): RegExp {
  const source = split.regex
    .replaceAll("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "(?:'(?:[sS\\u017ftTmMdD]|[rR][eE]|[vV][eE]|[lL][lL]))")
    .replaceAll("'(?i:[sdmt]|ll|ve|re)", "(?:'(?:[sS\\u017ftTmMdD]|[rR][eE]|[vV][eE]|[lL][lL]))")
    .replaceAll('?+', '?')
    .replaceAll('++', '+')
    .replaceAll('[^\\s', `[^${S}`)
    .replaceAll('\\s', `[${S}]`)
    .replaceAll('\\S', `[^${S}]`);
  return new RegExp(source, 'gu');
}

const all = [gpt2Split, cl100kSplit, llama3Split, qwen2Split, nanochatSplit, o200kSplit].map((split) => [split.name, split] as const);
const characters = [...'aBsStTrReEvVlLdDmMſßéZǅʰ1239²٣½!?_/…\'\'\'’     \t\n\n\r\0字한ก😀\u0301\u0085\u00a0\u3000\u2028\u1680\ufeff'];
const text = fc.array(fc.constantFrom(...characters), { maxLength: 40 }).map((chars) => chars.join(''));

describe.each(all)('%s', (_, split) => {
  test('cuts where its regular expression does', () => {
    const pattern = asJavaScript(split);
    const check = (t: string): void => expect([...split.split(t)]).toEqual(t.match(pattern) ?? []);
    fc.assert(fc.property(text, (t) => void check(t)), { numRuns: 2000 });
  });

  test('takes any bytes, in pieces of at least one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        for (let at = 0; at < bytes.length; ) {
          const end = split.end(bytes, at, bytes.length);
          expect(end).toBeGreaterThan(at);
          expect(end).toBeLessThanOrEqual(bytes.length);
          at = end;
        }
      }),
    );
  });

  test.each(['a', ' ', '\n', ' \n', '1', '!', "'", '\u0301', '字', '\0', '\u3000', '! ', "'s"])('is linear on a run of %j', (unit) => {
    const milliseconds = (size: number): number => {
      const bytes = new TextEncoder().encode(unit.repeat(size / unit.length) + 'x');
      const start = performance.now();
      for (let at = 0; at < bytes.length; ) at = split.end(bytes, at, bytes.length);
      return performance.now() - start;
    };
    milliseconds(1 << 14);
    // A quadratic scan would take half a minute.
    expect(milliseconds(1 << 18)).toBeLessThan(5000);
  });
});

test('pieces, by hand', () => {
  expect([...gpt2Split.split("I'll pay  $12.50\n\n now")]).toEqual(['I', "'ll", ' pay', ' ', ' $', '12', '.', '50', '\n\n', ' now']);
  expect([...cl100kSplit.split("I'LL pay  $1250\n\n now")]).toEqual(['I', "'LL", ' pay', ' ', ' $', '125', '0', '\n\n', ' now']);
  expect([...qwen2Split.split('a 12\r\n')]).toEqual(['a', ' ', '1', '2', '\r\n']);
  expect([...nanochatSplit.split("1234'LL\n\n ")]).toEqual(['12', '34', "'LL", '\n\n', ' ']);
  expect([...llama3Split.split('\tx\u017f \u017fs')]).toEqual(['\tx\u017f', ' \u017fs']);
  expect([...o200kSplit.split("HTTPServer camelCase's it'LL 字a/b//\n\n")]).toEqual(['HTTPServer', ' camel', "Case's", " it'LL", ' 字a', '/b', '//\n\n']);
  expect([...gpt2Split.split(Uint8Array.of(0xff, 0x61))]).toEqual(['\ufffd', 'a']);
});
