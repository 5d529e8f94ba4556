import { describe, expect, test } from 'vitest';
import { EvalError } from '../eval-error.ts';
import { pythonLiteral } from './literal.ts';
import { textOf, wordsOf } from './text.ts';

describe('pythonLiteral', () => {
  // What ast.literal_eval of Python gives.
  test.each([
    ['[]', []], ["['a', \"it's\", 'b']", ['a', "it's", 'b']], [String.raw`['q\'s', "a\"b", '\n\t\\', '\x41\u00e9\U0001F600', 'a\q']`, ["q's", 'a"b', '\n\t\\', 'Aé😀', 'a\\q']],
    ["('a', 1, -2.5, 1e3, True, None,)", ['a', 1, -2.5, 1000, true, null]], ["('a')", 'a'], ["('a',)", ['a']], ["{'a': [1, {'b': False}], 2: 'x'}", { a: [1, { b: false }], 2: 'x' }], [' 1_000 ', 1000], ["'a' \"b\"", 'ab'],
    ["[ 'a' , 'b' , ]", ['a', 'b']],
  ])('%j', (source, expected) => { expect(pythonLiteral(source)).toEqual(expected); });

  test.each(['', '[', "['a' 1]", '[1,,2]', 'open("x")', 'a', '1 2', "'a", "'a\nb'", '{1}', "{'a'}", '[1', "__import__('os')", `${'['.repeat(500)}${']'.repeat(500)}`, "'\\x4'"])('%j is refused', (source) => {
    expect(() => pythonLiteral(source)).toThrow(EvalError);
  });
});

test('texts as Python prints them, words as it splits them', () => {
  expect([textOf('a'), textOf(['a', "it's", 'q"', '\n']), textOf({ a: [true, null, 1.5] }), textOf(3)]).toEqual(['a', `['a', "it's", 'q"', '\\n']`, "{'a': [True, None, 1.5]}", '3']);
  expect([wordsOf('a b'), wordsOf(' a  b '), wordsOf(''), wordsOf('a\u00a0b\u3000c')]).toEqual([2, 4, 1, 3]);
});
