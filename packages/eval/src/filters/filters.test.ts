import { readFileSync } from 'node:fs';
import { processorMilliseconds } from '@llm/testing/node';
import { expect, test } from 'vitest';
import { filterPipeline, takeFirstK } from './registry.ts';


const { responses, choices, pipelines } = JSON.parse(readFileSync(new URL('./fixtures/filters.json', import.meta.url), 'utf8')) as {
  responses: string[][]; choices: string[]; pipelines: [[string, Record<string, unknown> | null][], unknown[]][];
};
const NAMES: Readonly<Record<string, string>> = {
  regex_pattern: 'regexPattern', group_select: 'groupSelect', mapping_dict: 'mappingDict', default_value: 'defaultValue', ignore_case: 'ignoreCase', ignore_punctuation: 'ignorePunctuation', regexes_to_ignore: 'regexesToIgnore',
};
const docs = responses.map(() => ({ choices }));

test.each(pipelines)('%j', (pipeline, expected) => {
  const filter = pipeline.map(([name, options]) => ({ function: name, ...Object.fromEntries(Object.entries(options ?? {}).map(([key, value]) => [NAMES[key] ?? key, value])) }));
  expect(filterPipeline({ name: 'f', filter })(responses, docs)).toEqual(expected);
});

test('a filter that nobody knows, too few responses, a document without choices', () => {
  expect(() => filterPipeline({ name: 'mine', filter: [{ function: 'sort' }] })).toThrow(/mine: expected one of take_first.*but found sort/);
  expect(() => takeFirstK(3)([['a']], [{}])).toThrow(/Raise repeats/);
  expect(() => filterPipeline({ name: 'f', filter: [{ function: 'multi_choice_regex' }] })([['a']], [{}])).toThrow(/choices/);
});

test('a response on which a pattern would take for ever counts as one without a match', () => {
  const begin = processorMilliseconds();
  expect(filterPipeline({ name: 'f', filter: [{ function: 'regex', regexPattern: '(x+x+)+y' }] })([['x'.repeat(100_000)]], [{}])).toEqual([['[invalid]']]);
  expect(processorMilliseconds() - begin).toBeLessThan(5000);
});
