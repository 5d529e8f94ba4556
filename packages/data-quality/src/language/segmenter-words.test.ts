import { processorMilliseconds } from '@llm/testing/node';
import { expect, test, vi } from 'vitest';
import { c4Quality } from '../c4-quality.ts';
import { gopherQuality } from '../gopher-quality.ts';
import { segmenterSentences, segmenterWords } from './segmenter-words.ts';


test('words of Chinese and Japanese, without white space, and together the text again', () => {
  const text = '今天天气很好，我们去海边。 走了\u3000三个小时！';
  expect(segmenterWords('zh')('今天天气很好。').join('|')).toBe('今天|天气|很好|。');
  expect(segmenterWords('zh')(text).join('')).toBe(text.replace(/\s/gu, ''));
  expect(segmenterWords('ja')('東京に行きました。').join('')).toBe('東京に行きました。');
  expect(segmenterWords('ja')('東京に行きました。').length).toBeGreaterThan(3);
  expect(segmenterWords('zh')('')).toEqual([]);
});

test('sentences end at their marks and at the marks right behind them; white space but one blank ends them too', () => {
  const sentences = segmenterSentences('zh');
  expect(sentences('今天下雨。真的吗？”他问。')).toEqual(['今天下雨。', '真的吗？”', '他问。']);
  expect(sentences('今天下雨。 真的吗？\n')).toEqual(['今天下雨。', '真的吗？']);
  expect(sentences('没有标点')).toEqual(['没有标点']);
  expect(sentences(' \n')).toEqual([]);
});

test('the filters take them', () => {
  const text = '我们在海边走了三个小时。那里没有人。后来下雨了。大家都回家了。晚上很安静。';
  expect(c4Quality({ minWordsPerLine: 1, filterNoTerminalPunct: false, sentences: segmenterSentences('zh') }).check({ id: 'a', text }).keep).toBe(true);
  const filter = gopherQuality({ words: segmenterWords('zh'), minDocWords: 10, minAvgWordLength: 1, minAlphaWordsRatio: 0.7, stopWords: ['了', '在', '的'] });
  expect(filter.check({ id: 'a', text }).keep).toBe(true);
  expect(gopherQuality({ minDocWords: 10 }).check({ id: 'a', text }).keep).toBe(false);
});

test('a language that is not known, and an engine without a segmenter, are told', () => {
  expect(() => segmenterWords('qqq')).toThrow(/^segmenterWords: expected a language that Intl.Segmenter knows but found qqq/);
  vi.stubGlobal('Intl', { ...Intl, Segmenter: undefined });
  expect(() => segmenterSentences('zh')).toThrow(TypeError);
  vi.unstubAllGlobals();
});

test('a long text is segmented stretch by stretch, and pairs of surrogates stay whole', () => {
  const text = `${'今天天气很好我们去海边'.repeat(200)}\n${'😀'.repeat(1500)}`;
  expect(segmenterWords('zh')(text).join('')).toBe(text.replace('\n', ''));
  expect(segmenterWords('zh')(text).every((word) => encodeURIComponent(word) !== '')).toBe(true);
  expect(segmenterWords('zh')('今天天气很好。'.repeat(400))).toEqual(Array.from({ length: 400 }, () => ['今天', '天气', '很好', '。']).flat());
});

test('forty thousand characters without a space take seconds at most', () => {
  const started = processorMilliseconds();
  for (const part of ['的', '今天天气']) segmenterSentences('zh')(part.repeat(40_000 / part.length));
  expect(processorMilliseconds() - started).toBeLessThan(30_000);
});
