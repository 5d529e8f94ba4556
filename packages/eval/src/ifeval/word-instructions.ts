import { compares, type InstructionCheck, numberOf, textOf, textsOf } from './arguments.ts';
import { occurrences } from './occurrences.ts';
import { sentencesOf } from './punkt.ts';
import { strip } from '../python/text.ts';
import { countWords, isLower, isSpace, isUpper, SPACE, stripStartMark } from './python-text.ts';
import { treebankWords } from './treebank-words.ts';

const DIVIDER = new RegExp(`${SPACE}?\\*\\*\\*${SPACE}?`, 'gu');

/** Whether the first word, up to a mark, is the wanted one in lower case; apostrophes and then quotation marks before it do not count. */
function beginsWith(paragraph: string, wanted: string): boolean {
  let built = '';
  for (const letter of stripStartMark(stripStartMark(paragraph, "'"), '"')) {
    if ('.,?!\'"'.includes(letter) || isSpace(letter.charCodeAt(0))) break;
    built += letter.toLowerCase();
    if (!wanted.startsWith(built)) return false;
  }
  return built === wanted;
}

/** Keywords, lengths and letters. */
export const wordInstructions: Readonly<Record<string, InstructionCheck>> = {
  'keywords:existence': (answer, args) => textsOf(args, 'keywords').every((word) => occurrences(answer, word, { ignoreCase: true }) > 0),
  'keywords:frequency': (answer, args) => compares(occurrences(answer, strip(textOf(args, 'keyword')), { ignoreCase: true }), args, { most: 'frequency', relation: 'relation' }),
  'keywords:forbidden_words': (answer, args) => !textsOf(args, 'forbidden_words').some((word) => occurrences(answer, word, { before: ['\\b'], after: ['\\b'], ignoreCase: true }) > 0),
  'keywords:letter_frequency': (answer, args) => {
    const letter = textOf(args, 'letter').toLowerCase();
    return compares(answer.toLowerCase().split(letter).length - 1, args, { most: 'let_frequency', relation: 'let_relation' });
  },
  'language:response_language': (answer, args, { language }) => {
    const found = language(answer);
    return found === undefined || found === textOf(args, 'language');
  },
  'length_constraints:number_sentences': (answer, args) => compares(sentencesOf(answer).length, args, { most: 'num_sentences', relation: 'relation' }),
  'length_constraints:number_paragraphs': (answer, args) => {
    const paragraphs = answer.split(DIVIDER).map((part) => strip(part) === '');
    if (paragraphs.slice(1, -1).includes(true)) return false;
    return paragraphs.filter((empty) => !empty).length === numberOf(args, 'num_paragraphs');
  },
  'length_constraints:number_words': (answer, args) => compares(countWords(answer), args, { most: 'num_words', relation: 'relation' }),
  'length_constraints:nth_paragraph_first_word': (answer, args) => {
    const nth = numberOf(args, 'nth_paragraph');
    const wanted = numberOf(args, 'num_paragraphs');
    if (!(nth >= 1 && nth <= wanted)) throw new RangeError(`ifeval: expected nth_paragraph from 1 to num_paragraphs, ${wanted}, but found ${nth}. The reference draws a random one there; give one of them.`);
    const paragraphs = answer.split('\n\n').map(strip);
    const count = paragraphs.filter((part) => part !== '').length;
    // The nth is counted with the empty ones, and how many there are without them: so does the reference.
    return count === wanted && nth <= count && paragraphs[nth - 1] !== '' && beginsWith(paragraphs[nth - 1]!, textOf(args, 'first_word').toLowerCase());
  },
  'change_case:capital_word_frequency': (answer, args) => {
    const capitals = sentencesOf(answer).reduce((sum, sentence) => sum + treebankWords(sentence).filter(isUpper).length, 0);
    return compares(capitals, args, { most: 'capital_frequency', relation: 'capital_relation' });
  },
  'change_case:english_capital': (answer, _, { language }) => isUpper(answer) && (language(answer) ?? 'en') === 'en',
  'change_case:english_lowercase': (answer, _, { language }) => isLower(answer) && (language(answer) ?? 'en') === 'en',
};
