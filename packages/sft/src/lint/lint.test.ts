import { expect, test } from 'vitest';
import { type Example, plainExample } from '../examples/example.ts';
import { readExamples } from '../formats/read-example.ts';
import { lintRecords } from './lint-records.ts';
import { lintTokens } from './lint-tokens.ts';

const turn = (role: string, content: string): { role: string; content: string } => ({ role, content });

test('records: each thing that is probably wrong, with the number of the record', () => {
  const findings = lintRecords(readExamples([
    { prompt: 'Why?', completion: 'So.' },
    { prompt: 'Why?', completion: 'So.' },
    { prompt: 'Why?', completion: 'No.' },
    { prompt: 'Say it', completion: ' Say it ' },
    { prompt: ' ', completion: '\n' },
    { messages: [turn('user', 'a')] },
    { messages: [turn('user', 'b'), turn('assistant', 'c'), turn('user', 'd')] },
    { messages: [turn('user', 'e'), turn('user', 'f'), turn('assistant', 'g'), turn('system', 'h'), turn('assistant', 'i')] },
    { messages: [turn('assistant', 'j'), turn('user', 'k'), turn('assistant', 'l <|im_end|>')] },
    { text: 'fine' },
  ]), { specialTokens: ['<|im_end|>', ''] });
  expect(findings.map(({ rule, record }) => `${record} ${rule}`)).toEqual([
    '1 duplicate', '2 same-prompt', '3 answer-repeats-prompt', '4 empty-answer', '4 empty-prompt', '5 empty-answer', '5 no-answer', '6 open-end',
    '7 late-system', '7 role-twice', '8 special-token', '8 answer-first',
  ]);
  expect(findings[1]!.message).toBe('it asks the same as record 0 and answers otherwise');
});

test('tokens: nothing learned, too long, two beginnings, no end', () => {
  const half: Example = { ids: Int32Array.of(1, 5, 6, 7, 2), weights: Float32Array.of(0, 0, 0, 1, 1) };
  const findings = lintTokens([
    plainExample([1, 5, 2]), { ids: half.ids, weights: new Float32Array(5) }, half, plainExample([1, 1, 2]), plainExample([1, 5, 6]),
    { ids: Int32Array.of(1, 5, 2), weights: Float32Array.of(0, 1, 0), index: 40 },
  ], { maxLength: 4, bosId: 1, endIds: [2] });
  expect(findings.map(({ rule, record }) => `${record} ${rule}`)).toEqual(['1 nothing-learned', '1 too-long', '2 too-long', '3 bos-twice', '4 no-end', '40 no-end']);
  expect(findings[2]!.message).toBe('it has 5 tokens, of which 4 are kept, with 1 of 2 learned ones');
  expect(lintTokens([plainExample([1, 5, 6])])).toEqual([]);
});
