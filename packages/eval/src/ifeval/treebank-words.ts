import { isSpace, NLTK_BOUNDARY as BOUNDARY, NLTK_SPACE as SPACE, NLTK_WORD as WORD } from './python-text.ts';

type Rule = readonly [pattern: RegExp, by: string];

/** Each rule in turn is applied everywhere; their order is the definition. */
const QUOTES_BEFORE: readonly Rule[] = [
  [/([«“‘„]|`+)/gu, ' $1 '], [/^"/u, '``'], [/(``)/gu, ' $1 '], [/([ ([{<])("|'{2})/gu, '$1 `` '],
  [new RegExp(`(?<!${WORD})(')(?!(?:re|ve|ll|m|t|s|d|n)${BOUNDARY})(?=${WORD})`, 'giu'), '$1 '],
];
const PUNCTUATION: readonly Rule[] = [
  [/([:,])(\P{Nd})/gu, ' $1 $2'], [/([:,])(?=\n?$)/gu, ' $1 '], [/\.{2,}/gu, ' $& '], [/[;@#$%&]/gu, ' $& '], [/[\u2012-\u2015]/gu, ' $& '],
  [/[?!]/gu, ' $& '], [/([^'])' /gu, "$1 ' "], [/\*/gu, ' $& '], [/[\][(){}<>]/gu, ' $& '], [/--/gu, ' -- '],
];
const QUOTES_AFTER: readonly Rule[] = [
  [/([»”’])/gu, ' $1 '], [/''/gu, " '' "], [/"/gu, " '' "], [new RegExp(`${SPACE}+`, 'gu'), ' '],
  [/([^' ])('[sS]|'[mM]|'[dD]|') /gu, '$1 $2 '], [/([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) /gu, '$1 $2 '],
];
const CONTRACTIONS: readonly RegExp[] = [
  ...['(can)(not)', "(d)('ye)", '(gim)(me)', '(gon)(na)', '(got)(ta)', '(lem)(me)', "(more)('n)"].map((pair) => new RegExp(BOUNDARY + pair + BOUNDARY, 'giu')),
  new RegExp(`${BOUNDARY}(wan)(na)(?=${SPACE})`, 'giu'), new RegExp(` ('t)(is)${BOUNDARY}`, 'giu'), new RegExp(` ('t)(was)${BOUNDARY}`, 'giu'),
];
const CLOSING = '])}>"\'»”’ ';

/** The period that ends a sentence as a word of its own, what closes after it as another. By hand: as a pattern it takes time by the square of the white space. */
function apartPeriod(text: string): string {
  let spaces = text.length;
  while (spaces > 0 && isSpace(text.charCodeAt(spaces - 1))) spaces--;
  let closing = spaces;
  while (closing > 0 && CLOSING.includes(text[closing - 1]!)) closing--;
  return closing > 1 && text[closing - 1] === '.' && text[closing - 2] !== '.' ? `${text.slice(0, closing - 1)} . ${text.slice(closing, spaces)} ` : text;
}

/**
 * The words of one sentence by the rules of the Penn Treebank as NLTK's `NLTKWordTokenizer` has them: punctuation, quotes and the tails of
 * contractions are words of their own, hyphens join.
 */
export function treebankWords(sentence: string): string[] {
  const replaced = (text: string, rules: readonly Rule[]): string => rules.reduce((now, [pattern, by]) => now.replace(pattern, by), text);
  const quoted = replaced(` ${replaced(apartPeriod(replaced(sentence, QUOTES_BEFORE)), PUNCTUATION)} `, QUOTES_AFTER);
  return CONTRACTIONS.reduce((text, pattern) => text.replace(pattern, ' $1 $2 '), quoted).split(' ').filter((word) => word !== '');
}
