import { answerOf, instructionOf, scoreOfChecks, type SftExample, type SftScore } from './sft-example.ts';

const NUMBERS: Readonly<Record<string, number>> = { two: 2, three: 3, four: 4, five: 5, six: 6, seven: 7, eight: 8, nine: 9, ten: 10, 两: 2, 二: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9, 十: 10 };
const ASKS_FOR = /\b(?:list|name|give(?: me)?|provide|suggest|write|generate)\s+(?:the\s+|at least\s+)?(\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)\b|(?:列出|列举|举出|给出|写出|提供|说出)\s{0,2}(\d{1,2}|[两二三四五六七八九十])\s{0,2}[个条点种项句]/i;
const ITEM = /^\s{0,12}(?:[-*•]\s|\d{1,3}[.)、．]|[（(]\d{1,3}[)）])/;
const REFUSES = /\b(?:I(?:'m| am) (?:sorry|unable|not able)|I can(?:not|'t) (?:help|assist|provide|answer|do)|as an AI(?: language)? model)\b|(?:很抱歉|对不起)[，,]?\s?(?:我|作为)|我(?:无法|不能)(?:回答|提供|帮助|协助)|作为(?:一个|一名)?(?:AI|人工智能)/i;
const UNFINISHED = /(?:\.\.\.|…|未完待续|to be continued|[,，、:：;；(（])\s*$/i;
const ENDS = /[.!?。！？"'”’」』)）\]】}>`~*_|$]\s*$/u;

function wantedCount(instruction: string): number {
  const found = ASKS_FOR.exec(instruction.slice(0, 2000));
  const text = (found?.[1] ?? found?.[2] ?? '').toLowerCase();
  return NUMBERS[text] ?? (text === '' ? 0 : Number(text));
}

/**
 * How complete the last answer is: the share of six checks that hold. It is not empty; it ends like a sentence, a block or a
 * list item of one line, not amid a clause; code fences are closed; it is no refusal; it has as many list items as "list five" or
 * 列出三个 asks for, where it is a list at all; each numbered part of the instruction has an answer under its number.
 *
 * @example
 * ```ts
 * import { answerCompleteness } from '@llm/data-quality';
 * const turns = [{ role: 'user', content: 'List three rivers.' }, { role: 'assistant', content: '1. Rhine\n2. Elbe' }] as const;
 * const { score, evidence } = answerCompleteness({ id: 'a', turns });
 * console.assert(score === 5 / 6 && evidence[0] === '2 items where 3 were asked for');
 * ```
 */
export function answerCompleteness(example: SftExample): SftScore {
  const answer = answerOf(example);
  const instruction = instructionOf(example);
  const lines = answer.split('\n');
  const items = lines.filter((line) => ITEM.test(line)).length;
  const wanted = wantedCount(instruction);
  const numbered = (text: string): Set<string> => new Set(text.split('\n').flatMap((line) => /^\s{0,12}[（(]?(\d{1,2})[.)、）．]/.exec(line)?.[1] ?? []));
  const asked = numbered(instruction);
  const answered = numbered(answer);
  const unanswered = asked.size < 2 ? [] : [...asked].filter((number) => !answered.has(number));
  const last = lines.findLast((line) => line.trim() !== '') ?? '';
  const short = answer.trim().split(/\s+/).length <= 12 && !answer.includes('\n');
  const ends = !UNFINISHED.test(answer.slice(-80)) && (short || ENDS.test(answer.slice(-80)) || ITEM.test(last) || last.trim().length <= 40);
  const refusal = REFUSES.exec(answer.slice(0, 300))?.[0];
  return scoreOfChecks([
    [answer.trim() !== '', 'an empty answer'],
    [ends, 'breaks off at its end'],
    [lines.filter((line) => line.trimStart().startsWith('```')).length % 2 === 0, 'a code fence that is not closed'],
    [refusal === undefined, `a refusal: ${refusal}`],
    [wanted < 2 || items < 2 || items >= wanted, `${items} items where ${wanted} were asked for`],
    [unanswered.length === 0, `no answer to part ${unanswered.join(', ')}`],
  ]);
}
