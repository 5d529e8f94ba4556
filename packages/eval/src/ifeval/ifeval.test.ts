import { readFile } from 'node:fs/promises';
import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import type { InstructionArguments } from './arguments.ts';
import { ifeval, ifevalInstructions, ifevalScores } from './ifeval.ts';


type Piece = string | readonly [string, number];
interface Fixture {
  readonly instructions: readonly string[];
  readonly settings: readonly Readonly<Record<string, InstructionArguments>>[];
  readonly rows: readonly { readonly answer: readonly Piece[]; readonly strict: string; readonly loose: string; readonly languages: string }[];
}

const { instructions, settings, rows } = JSON.parse(await readFile(new URL('fixtures/ifeval.json', import.meta.url), 'utf8')) as Fixture;
const textOf = (pieces: readonly Piece[]): string => pieces.map((piece) => (typeof piece === 'string' ? piece : piece[0].repeat(piece[1]))).join('');
const bits = (verdicts: readonly boolean[]): string => verdicts.map(Number).join('');

/** What langdetect said of the eight variants, so that the checks are compared and not the languages. */
function replay(answer: string, codes: string): (text: string) => string | undefined {
  const said = new Map<string, string>();
  const strip = (text: string): string => text.replace(/^[\s\x1c-\x1f\x85]+|[\s\x1c-\x1f\x85]+$/g, '');
  const lines = answer.split('\n');
  const cut = [answer, ...[lines.slice(1), lines.slice(0, -1), lines.slice(1, -1)].map((part) => strip(part.join('\n')))];
  [...cut, ...cut.map((text) => text.replaceAll('*', ''))].forEach((text, i) => said.set(text, codes.split(' ')[i]!));
  return (text) => (said.get(text) === '-' ? undefined : said.get(text) ?? expect.fail(`a variant that the reference has not: ${JSON.stringify(text.slice(0, 80))}`));
}

describe('lm-evaluation-harness', () => {
  const found = rows.map(({ answer, languages }, i) => {
    const text = textOf(answer);
    const given = settings[i % settings.length]!;
    return ifeval({ instruction_id_list: instructions, kwargs: instructions.map((name) => given[name]!) }, text, { language: replay(text, languages) });
  });

  test('the 25 instructions are there', () => {
    expect(Object.keys(ifevalInstructions).sort()).toEqual([...instructions].sort());
    expect(rows.length).toBe(300);
  });

  test.each(instructions.map((name, i) => [name, i] as const))('%s: 300 answers, strict and loose', (_, i) => {
    const wrong = rows.flatMap(({ answer, strict, loose }, row) => (['strict', 'loose'] as const).flatMap((kind) => {
      const expected = { strict, loose }[kind][i] === '1';
      return found[row]![kind][i] === expected ? [] : [{ row, kind, expected, answer: textOf(answer).slice(0, 300) }];
    }));
    expect(wrong).toEqual([]);
    // Each verdict comes up, so that no check passes for always saying the same.
    expect(new Set(rows.map(({ strict }) => strict[i])).size).toBe(2);
  });

  test('the four accuracies', () => {
    const shares = (kind: 'strict' | 'loose'): number[] => {
      const marks = rows.map((row) => row[kind]);
      return [marks.filter((mark) => !mark.includes('0')).length / marks.length, [...marks.join('')].filter((mark) => mark === '1').length / (25 * marks.length)];
    };
    const scores = ifevalScores(found);
    expect([scores.prompt_level_strict_acc, scores.inst_level_strict_acc]).toEqual(shares('strict'));
    expect([scores.prompt_level_loose_acc, scores.inst_level_loose_acc]).toEqual(shares('loose'));
    expect(bits(found[0]!.strict)).toBe(rows[0]!.strict);
  });
});

describe('answers that nobody meant well with', () => {
  const all = (answer: string): readonly boolean[] => {
    const given = settings[0]!;
    return ifeval({ instruction_id_list: instructions, kwargs: instructions.map((name) => given[name]!) }, answer, { language: () => undefined }).loose;
  };

  test.each(['', ' \n\t\u3000', '\x1c'])('%j follows nothing', (answer) => expect(all(answer)).toEqual(instructions.map(() => false)));

  test.each(['\n', '[', '<<', '>', '*', '**\n', '. ', '.', '! ', "'", '"', '"\\', 'e.g. ', ' P.', '{"a":', '𝕏\u0301'])('%j by the ten thousand ends soon', (piece) => {
    const start = processorMilliseconds();
    all(`x.${piece.repeat(10_000)}x`);
    expect(processorMilliseconds() - start).toBeLessThan(2000);
  });

  test('a million characters of white space take no time by their square', () => {
    const start = processorMilliseconds();
    const check = ifevalInstructions['detectable_format:number_bullet_lists']!;
    expect(check(`${'\n'.repeat(1e6)}x`, { num_bullets: 0 }, { language: () => undefined })).toBe(true);
    expect(check(`${'\n* a'.repeat(3)}${'\n'.repeat(1e6)}- b`, { num_bullets: 4 }, { language: () => undefined })).toBe(true);
    expect(processorMilliseconds() - start).toBeLessThan(2000);
  });
});

describe('arguments', () => {
  const one = (id: string, args: InstructionArguments) => () => ifeval({ instruction_id_list: [id], kwargs: [args] }, 'An answer.');

  test('what the reference would draw at random is asked for', () => {
    expect(one('length_constraints:number_words', { num_words: null, relation: 'at least' })).toThrow(/expected num_words to be a number of at least 0 but found undefined/);
    expect(one('length_constraints:number_words', { num_words: 3, relation: 'about' })).toThrow(/'less than' or 'at least'/);
    expect(one('keywords:existence', { keywords: [] })).toThrow(/a list of texts/);
    expect(one('length_constraints:nth_paragraph_first_word', { num_paragraphs: 1, nth_paragraph: 2, first_word: 'an' })).toThrow(/from 1 to num_paragraphs, 1, but found 2/);
    expect(one('keywords:existence', { keywords: ['('] })).toThrow(expect.objectContaining({ code: 'E_REGEX' }));
    expect(one('no:such', {})).toThrow(/one of the 25 instructions but found 'no:such'/);
    expect(one('language:response_language', { language: 'en' })).toThrow(/loadLanguage/);
    expect(() => ifevalScores([])).toThrow(/expected verdicts/);
  });

  test('a length counts code points and a word letters of any script', () => {
    expect(ifevalInstructions['startend:quotation']!('"', {}, { language: () => undefined })).toBe(false);
    expect(ifevalInstructions['length_constraints:number_words']!('😀 naïve e\u0301te\u0301 五', { num_words: 4, relation: 'less than' }, { language: () => undefined })).toBe(true);
  });
});
