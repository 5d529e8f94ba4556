import { ABBREVIATIONS, BOTH_WAYS, COLLOCATIONS, MISTAKEN, SMALL_FIRST, SMALL_UNLESS_FIRST, SMALL_UNLESS_FIRST_BITS, STARTERS } from './punkt-english.ts';
import { stripEnd } from '../python/text.ts';
import { isLower, isSpace, isUpper, NLTK_NOT_SPACE as NOT_SPACE, NLTK_SPACE as SPACE } from './python-text.ts';

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '));
const abbreviations: ReadonlySet<string> = new Set([...ABBREVIATIONS.split(' '), '. . ']);
const collocations = words(COLLOCATIONS);
const starters = words(STARTERS);
const mistaken = words(MISTAKEN);
const bothWays = words(BOTH_WAYS);
const smallFirst = words(SMALL_FIRST);

let filter: Uint8Array | undefined;

/** Whether a word that is written small somewhere never has a capital within a sentence, by a Bloom filter. */
function smallUnlessFirst(word: string): boolean {
  filter ??= Uint8Array.from(atob(SMALL_UNLESS_FIRST), (letter) => letter.charCodeAt(0));
  let first = 0x811c9dc5;
  let step = 0x9747b28c;
  for (let i = 0; i < word.length; i++) {
    first = Math.imul(first ^ word.charCodeAt(i), 0x01000193);
    step = Math.imul(step ^ word.charCodeAt(i), 0x01000193);
  }
  step |= 1;
  for (let i = 0; i < 7; i++) {
    const at = ((first + Math.imul(i, step)) >>> 0) % SMALL_UNLESS_FIRST_BITS;
    if (((filter[at >> 3]! >> (at & 7)) & 1) === 0) return false;
  }
  return !mistaken.has(word);
}

/** What no word goes on across, and what a period may stand right before. */
const NOT_WORDS = '[)";}\\]*:@\'({[‘’“”«»?!]';
const MANY = `(?:-{2,}|\\.{2,}|(?:\\.${SPACE}){2,}\\.)`;
const TOKEN = new RegExp(`${MANY}|(?=[^("\`{[:;&#*@)}\\]\\-,])${NOT_SPACE}+?(?=${SPACE}|$|${NOT_WORDS}|${MANY}|,(?=$|${SPACE}|${NOT_WORDS}|${MANY}))|${NOT_SPACE}`, 'gu');
const CANDIDATE = new RegExp(`[.?!](?=(${NOT_WORDS}|${SPACE}+(${NOT_SPACE}+)))`, 'gu');
const CLOSERS = new RegExp(`^["')\\]}‘’“”«»]+?(?:${SPACE}+|(?=--)|(?=\\n)|$)`, 'u');
const NUMBER = /^-?[.,]?\p{Nd}[\p{Nd},.-]*\.?$/u;
const INITIAL = /^[\p{Alphabetic}\p{M}\p{Pc}\u200c\u200d]\.$/u;

interface Token {
  readonly text: string;
  /** In lower case, numbers all alike. */
  readonly type: string;
  breaks: boolean;
  abbreviates: boolean;
}

const withoutPeriod = (type: string): string => (type.length > 1 && type.endsWith('.') ? type.slice(0, -1) : type);
const typeOf = ({ type, breaks }: Token): string => (breaks ? withoutPeriod(type) : type);
const initialOf = (text: string): string => String.fromCodePoint(text.codePointAt(0)!);

/** By the word alone: is it the end of a sentence, or an abbreviation? */
function token(text: string): Token {
  const lower = text.toLowerCase();
  const type = NUMBER.test(lower) ? '##number##' : lower;
  const known = abbreviations.has(lower.slice(0, -1)) || abbreviations.has(lower.slice(lower.lastIndexOf('-') + 1, -1));
  const single = text === '.' || text === '?' || text === '!';
  const period = text.endsWith('.') && !text.endsWith('..');
  return { text, type, breaks: single || (period && !known), abbreviates: !single && period && known };
}

/** Whether a sentence begins with a word, as far as its capital tells; undefined where it does not. */
function begins(next: Token): boolean | undefined {
  if (';:,.!?'.includes(next.text)) return false;
  const first = initialOf(next.text);
  if (isUpper(first)) return smallUnlessFirst(typeOf(next)) ? true : undefined;
  return isLower(first) && !smallFirst.has(typeOf(next)) ? false : undefined;
}

/** By the word that follows: an abbreviation may end a sentence all the same, and an initial or an ordinal not. */
function reconsider(one: Token, next: Token): void {
  if (!one.text.endsWith('.')) return;
  const type = withoutPeriod(one.type);
  const follower = typeOf(next);
  const initial = INITIAL.test(one.text);
  if (collocations.has(`${type}|${follower}`)) {
    one.breaks = false;
    return;
  }
  const capital = isUpper(initialOf(next.text));
  const begun = begins(next);
  if ((one.abbreviates || /^\.\.+$/.test(one.text)) && !initial && (begun === true || (capital && starters.has(follower)))) {
    one.breaks = true;
    return;
  }
  if (initial || type === '##number##') {
    if (begun === false || (begun === undefined && initial && capital && !bothWays.has(follower))) one.breaks = false;
  }
}

/** Whether a sentence ends within a piece of text, before its last word. */
function containsBreak(context: string): boolean {
  const tokens = context.split('\n').flatMap((line) => line.match(TOKEN) ?? []).map(token);
  for (let i = 0; i + 1 < tokens.length; i++) {
    reconsider(tokens[i]!, tokens[i + 1]!);
    if (tokens[i]!.breaks) return true;
  }
  return false;
}

type Span = readonly [start: number, end: number];

/** Each mark that may end a sentence, with the word before and the one after it; marks that share a word count once, by the last of them. */
function spans(text: string): Span[] {
  const found: Span[] = [];
  let begin = 0;
  let word: Span = [0, 0];
  let last: RegExpExecArray | undefined;
  const decide = (): void => {
    if (last === undefined || !containsBreak(text.slice(...word) + last[0] + last[1]!)) return;
    const end = last.index + last[0].length;
    found.push([begin, end]);
    begin = last[2] === undefined ? end : end + last[1]!.length - last[2].length;
  };
  for (const match of text.matchAll(CANDIDATE)) {
    let space = match.index - 1;
    while (space > word[1] && !isSpace(text.charCodeAt(space))) space--;
    // White space right after the last mark does not count, as in the reference, whose index of it is 0 and reads as none.
    const next: Span = [space > word[1] ? space + 1 : word[0], match.index];
    if (last !== undefined && word[1] <= next[0]) decide();
    last = match;
    word = next;
  }
  decide();
  found.push([begin, stripEnd(text).length]);
  return found;
}

/**
 * The sentences of an English text, by Punkt, which knows abbreviations, initials and the words that begin sentences.
 *
 * The decisions are those of NLTK 3.10's `sent_tokenize` from its English model, but for capitals after abbreviations in words that the model does not know, of which
 * fewer than one in a hundred is taken for another. Kiss and Strunk 2006, https://doi.org/10.1162/coli.2006.32.4.485
 */
export function sentencesOf(text: string): string[] {
  const found = spans(text);
  const out: string[] = [];
  let realign = 0;
  for (const [i, [start, end]] of found.entries()) {
    const from = start + realign;
    const next = found[i + 1];
    const closers = next === undefined ? undefined : CLOSERS.exec(text.slice(...next))?.[0];
    realign = closers?.length ?? 0;
    if (closers !== undefined) out.push(text.slice(from, next![0] + stripEnd(closers).length));
    else if (from < end) out.push(text.slice(from, end));
  }
  return out;
}
