import { type InstructionCheck, numberOf, textOf } from './arguments.ts';
import { strip } from '../python/text.ts';
import { occurrences } from './occurrences.ts';
import { isSpace, SPACE, stripEndMark, stripMark, stripStartMark } from './python-text.ts';

const OPTIONS = ['My answer is yes.', 'My answer is no.', 'My answer is maybe.'];
const POSTSCRIPTS: Readonly<Record<string, RegExp>> = { 'P.P.S': new RegExp(`p\\.${SPACE}?p\\.${SPACE}?s`, 'u'), 'P.S.': new RegExp(`p\\.${SPACE}?s\\.`, 'u') };
const FENCES = ['```json', '```Json', '```JSON', '```'];

/** How many pairs of brackets hold something or nothing within a line. By hand, so that a million open brackets take no time by their square. */
function placeholders(answer: string): number {
  return answer.split('\n').reduce((sum, line) => {
    let count = 0;
    for (let open = line.indexOf('['); open >= 0;) {
      const close = line.indexOf(']', open + 1);
      if (close < 0) break;
      count++;
      open = line.indexOf('[', close + 1);
    }
    return sum + count;
  }, 0);
}

/** Lines that begin with a mark, after white space that may be whole lines; what stands behind the mark is theirs to the end of its line. */
function bullets(answer: string, mark: '*' | '-'): number {
  let count = 0;
  for (let line = 0; line < answer.length;) {
    let at = line;
    while (at < answer.length && isSpace(answer.charCodeAt(at))) at++;
    let behind = at + 1;
    const found = answer[at] === mark && (mark === '-' || (behind < answer.length && answer[behind] !== '*'));
    if (found) {
      count++;
      // Anything but a second asterisk may follow the first, a new line as well.
      if (mark === '*') behind++;
    }
    const next = answer.indexOf('\n', found ? behind : at);
    if (next < 0) break;
    line = next + 1;
  }
  return count;
}

function highlights(answer: string): number {
  const single = answer.match(/\*[^\n*]*\*/g) ?? [];
  const double = answer.match(/\*\*[^\n*]*\*\*/g) ?? [];
  return single.filter((text) => strip(stripMark(text, '*')) !== '').length + double.filter((text) => strip(text.slice(2, -2)) !== '').length;
}

/** `<<a title>>` within a line: from the first double bracket to the last. */
function titled(line: string): boolean {
  const open = line.indexOf('<<');
  const close = line.lastIndexOf('>>');
  return open >= 0 && close > open + 2 && strip(stripEndMark(stripStartMark(line.slice(open, close + 2), '<'), '>')) !== '';
}

/** Python's reader also takes NaN and infinities. */
function isJson(text: string): boolean {
  const readable = (json: string): boolean => {
    try {
      JSON.parse(json);
      return true;
    } catch {
      return false;
    }
  };
  return readable(text) || (/NaN|Infinity/.test(text) && readable(text.replace(/"(?:[^"\\]|\\.)*"|(?<![\w.+-])(?:-?Infinity|NaN)(?![\w.+-])/g, (found) => (found.startsWith('"') ? found : '0'))));
}

/** Contents, formats, combinations, beginnings and ends. */
export const formatInstructions: Readonly<Record<string, InstructionCheck>> = {
  'detectable_content:number_placeholders': (answer, args) => placeholders(answer) >= numberOf(args, 'num_placeholders'),
  'detectable_content:postscript': (answer, args) => {
    const marker = strip(textOf(args, 'postscript_marker'));
    const text = answer.toLowerCase();
    return POSTSCRIPTS[marker]?.test(text) ?? occurrences(text, marker.toLowerCase()) > 0;
  },
  'detectable_format:number_bullet_lists': (answer, args) => bullets(answer, '*') + bullets(answer, '-') === numberOf(args, 'num_bullets'),
  'detectable_format:constrained_response': (answer) => OPTIONS.some((option) => answer.includes(option)),
  'detectable_format:number_highlighted_sections': (answer, args) => highlights(answer) >= numberOf(args, 'num_highlights'),
  'detectable_format:multiple_sections': (answer, args) => occurrences(answer, strip(textOf(args, 'section_spliter')), { before: ['\\s?'], after: ['\\s?', '\\d+', '\\s?'] }) >= numberOf(args, 'num_sections'),
  'detectable_format:json_format': (answer) => {
    const unfenced = FENCES.reduce((text, fence) => (text.startsWith(fence) ? text.slice(fence.length) : text), strip(answer));
    return isJson(strip(unfenced.endsWith('```') ? unfenced.slice(0, -3) : unfenced));
  },
  'detectable_format:title': (answer) => answer.split('\n').some(titled),
  'combination:two_responses': (answer) => {
    const responses = answer.split('******').map(strip);
    if (responses.slice(1, -1).includes('')) return false;
    const given = responses.filter((response) => response !== '');
    return given.length === 2 && given[0] !== given[1];
  },
  'combination:repeat_prompt': (answer, args) => strip(answer).toLowerCase().startsWith(strip(textOf(args, 'prompt_to_repeat')).toLowerCase()),
  'startend:end_checker': (answer, args) => stripMark(strip(answer), '"').toLowerCase().endsWith(strip(textOf(args, 'end_phrase')).toLowerCase()),
  'startend:quotation': (answer) => {
    const text = strip(answer);
    return text.length > 1 && text.startsWith('"') && text.endsWith('"');
  },
  'punctuation:no_comma': (answer) => !answer.includes(','),
};
