import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { c4Quality } from './c4-quality.ts';
import { countEnglishSentences, splitEnglishSentences } from './english-sentences.ts';
import { countEnglishWords, englishWords, forEachScannedLine } from './english-words.ts';
import { finewebQuality } from './fineweb-quality.ts';
import { gopherRepetition } from './gopher-repetition.ts';
import { forEachLine, strip } from './python-text.ts';
import { textUnits } from './text-units.ts';

/** Parts that end lines and sentences, are put together again as exceptions, or hide a citation. */
const PARTS = ['a', 'It rained all day.', ' ', '  ', '\n', '\n\n', '\r\n', '\r', '\v', '\u0085', '\u2028', '!', '...', '"', "he's", 'he ', "'s", ':)', '°C. ', 'x-°C.', '[1]', '[edit]', 'y [2] z.', '你好。', '😀', 'é', 'Dr. No', "can't've", 'word '.repeat(80)];
const text = fc.array(fc.constantFrom(...PARTS), { maxLength: 40 }).map((parts) => parts.join(''));

function linesOf(whole: string): string[] {
  const lines: string[] = [];
  forEachLine(whole, (start, end) => lines.push(whole.slice(start, end)));
  return lines;
}

describe('what the filters share is what each would find alone', () => {
  test('C4 counts the sentences of each line as if it were a text', () => {
    const off = { filterNoTerminalPunct: false, minWordsPerLine: null, filterCurlyBracket: false, removeCitations: false };
    const withCitations = c4Quality({ ...off, minNumSentences: 1 });
    const without = c4Quality({ ...off, minNumSentences: 1, removeCitations: true });
    fc.assert(
      fc.property(text, (whole) => {
        const count = (lines: string[]): number => lines.reduce((sum, line) => sum + countEnglishSentences(line), 0);
        const lines = linesOf(whole).map(strip);
        expect(withCitations.measure?.({ id: 'a', text: whole })['too_few_sentences']).toBe(count(lines));
        expect(without.measure?.({ id: 'a', text: whole })['too_few_sentences']).toBe(count(lines.map((line) => line.replace(/\[\p{Nd}*\]|\[edit\]/gu, ''))));
      }),
      { numRuns: 300 },
    );
  });

  test('the words that C4 leaves are as many as those of its text', () => {
    const c4 = c4Quality({ filterNoTerminalPunct: false, minNumSentences: 0, minWordsPerLine: 2 });
    fc.assert(
      fc.property(text, (whole) => {
        const verdict = c4.check({ id: 'a', text: whole });
        const left = verdict.keep ? (verdict.document?.text ?? whole) : '';
        // Counted while C4 remembers them, and again from the text.
        const remembered = countEnglishWords(left);
        expect(remembered).toBe(englishWords(left).length);
        const { list_ratio: ratio } = finewebQuality().measure?.({ id: 'a', text: left }) ?? {};
        expect(ratio).toBe((left.split('\n').length - 1) / remembered);
      }),
      { numRuns: 300 },
    );
  });

  test('lines are the same found on the way to words or alone; the pieces of a text are as many as are counted', () => {
    fc.assert(
      fc.property(text, (whole) => {
        const scanned: string[] = [];
        forEachScannedLine(whole, (start, end) => scanned.push(whole.slice(start, end)));
        expect(scanned).toEqual(linesOf(whole));
        expect(splitEnglishSentences(whole)).toHaveLength(countEnglishSentences(whole));
        expect(splitEnglishSentences(whole).join('')).toBe(whole);
      }),
      { numRuns: 300 },
    );
  });
});

test('repeated lines and paragraphs by the definition: text split at runs of line feeds', () => {
  const repeated = (parts: string[]): number => parts.filter((part, i) => parts.indexOf(part) < i).length / parts.length;
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'ab', ' ', '\n', '\n', '\n\n\n', '😀'), { maxLength: 30 }).map((parts) => parts.join('')), (whole) => {
      const measured = gopherRepetition().measure?.({ id: 'a', text: whole }) ?? {};
      expect(measured['dup_line_frac']).toBe(repeated(whole.split(/\n+/)));
      expect(measured['dup_para_frac']).toBe(repeated(strip(whole).split(/\n{2,}/)));
      expect(measured['dup_line_char_frac']).toBe(whole === '' ? Number.NaN : whole.split(/\n+/).reduce((sum, part, i, all) => sum + (all.indexOf(part) < i ? [...part].length : 0), 0) / [...whole].length);
    }),
    { numRuns: 500 },
  );
});

test('units of any string, longer than the buffer and with halves of pairs', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'é', '字', '\ufffd', '😀', '\ud83d', '\ude00'), maxLength: 40 }), fc.constantFrom(1, 3000), (part, times) => {
      const whole = part.repeat(times);
      const units = textUnits(whole);
      for (let i = 0; i < whole.length; i++) if (units[i] !== whole.charCodeAt(i)) throw new Error(`unit ${i} of ${JSON.stringify(part)} × ${times}`);
    }),
    { numRuns: 60 },
  );
});
