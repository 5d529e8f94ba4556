import { STOP_WORDS, TELLING_LETTERS } from './stop-words.ts';

export interface IdentifiedLanguage {
  /** ISO 639-1, and `und` where there are no letters. */
  readonly language: string;
  /** 0 to 1; how far the evidence is of this language alone. */
  readonly score: number;
}

/** A slot for any identifier: fastText's, a model of one's own, or `identifyLanguage`. */
export type LanguageIdentifier = (text: string) => IdentifiedLanguage;

/** Scripts that one language (nearly) alone writes. Those of several are told apart below. */
const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ['ja', /[\p{sc=Hiragana}\p{sc=Katakana}]/u], ['zh', /\p{sc=Han}/u], ['ko', /\p{sc=Hangul}/u], ['el', /\p{sc=Greek}/u], ['he', /\p{sc=Hebrew}/u], ['ar', /\p{sc=Arabic}/u], ['hi', /\p{sc=Devanagari}/u],
  ['bn', /\p{sc=Bengali}/u], ['ta', /\p{sc=Tamil}/u], ['te', /\p{sc=Telugu}/u], ['kn', /\p{sc=Kannada}/u], ['ml', /\p{sc=Malayalam}/u], ['th', /\p{sc=Thai}/u], ['my', /\p{sc=Myanmar}/u], ['km', /\p{sc=Khmer}/u],
  ['ka', /\p{sc=Georgian}/u], ['hy', /\p{sc=Armenian}/u], ['pa', /\p{sc=Gurmukhi}/u], ['cyrillic', /\p{sc=Cyrillic}/u], ['latin', /\p{sc=Latin}/u],
];
const CYRILLIC = new Set(['ru', 'uk', 'bg']);
const PERSIAN = /[پچژگکی]/gu;

/** For each word or letter the languages that have it. */
function index(lists: Readonly<Record<string, string>>, split: (list: string) => string[]): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (const [language, list] of Object.entries(lists)) for (const each of new Set(split(list))) owners.set(each, [...(owners.get(each) ?? []), language]);
  return owners;
}
const WORDS = index(STOP_WORDS, (list) => list.split(' '));
const LETTERS = index(TELLING_LETTERS, (list) => [...list]);

/** Enough to tell, and a bound on the time for a text of any length. */
const MAX_UNITS = 4000;
/** A text with this share of stop words is ordinary prose. */
const USUAL_SHARE = 0.2;

function byWords(text: string, cyrillic: boolean): IdentifiedLanguage {
  const weights = new Map<string, number>();
  let hits = 0;
  const add = (owners: readonly string[] | undefined, weight: number): void => {
    const fitting = owners?.filter((language) => CYRILLIC.has(language) === cyrillic) ?? [];
    for (const language of fitting) weights.set(language, (weights.get(language) ?? 0) + weight / fitting.length);
    if (fitting.length > 0) hits += weight;
  };
  const words = text.match(/[\p{L}\p{M}']+/gu) ?? [];
  for (const word of words) add(WORDS.get(word), 1);
  for (const char of text) if (char > '\x7f') add(LETTERS.get(char), 0.3);
  const [best, second] = [...weights].sort(([, a], [, b]) => b - a);
  if (!best) return { language: 'und', score: 0 };
  const lead = best[1] / (best[1] + (second?.[1] ?? 0));
  return { language: best[0], score: lead * Math.min(1, hits / Math.max(1, words.length) / USUAL_SHARE) };
}

/**
 * The language of a text, of 40: by its script where one language writes it, else by stop words and telling letters (21
 * languages in Latin and Cyrillic script). Looks at the first 4000 units; no model, no data beside 4 KB of words. Other
 * languages of those scripts come out as a neighbour with a low score. See the README for how often it is right.
 *
 * @example
 * ```ts
 * import { identifyLanguage } from '@llm/data-quality';
 * console.assert(identifyLanguage('Das ist nicht der Fall, und wir wissen es.').language === 'de');
 * console.assert(identifyLanguage('今天天气很好。').language === 'zh' && identifyLanguage('12:30').language === 'und');
 * ```
 */
export function identifyLanguage(text: string): IdentifiedLanguage {
  const head = text.slice(0, MAX_UNITS).toLowerCase();
  const counts = new Map<string, number>();
  let letters = 0;
  for (const char of head) {
    const latin = char >= 'a' && char <= 'z';
    const script = latin ? 'latin' : char > '\x7f' && /\p{L}/u.test(char) ? SCRIPTS.find(([, of]) => of.test(char))?.[0] : undefined;
    if (script === undefined) continue;
    // An ideograph says as much as a short word.
    const weight = script === 'zh' || script === 'ja' || script === 'ko' ? 3 : 1;
    letters += weight;
    counts.set(script, (counts.get(script) ?? 0) + weight);
  }
  if (letters === 0) return { language: 'und', score: 0 };
  const kana = counts.get('ja') ?? 0;
  const han = counts.get('zh') ?? 0;
  // Japanese prose is more than a sixth kana; a Chinese text that quotes a word of it is not.
  if (kana > 0 && kana >= (kana + han) / 6) counts.set('ja', kana + han).delete('zh');
  const [script, count] = [...counts].sort(([, a], [, b]) => b - a)[0] as [string, number];
  const share = count / letters;
  if (script === 'latin' || script === 'cyrillic') {
    const { language, score } = byWords(head, script === 'cyrillic');
    return { language, score: score * share };
  }
  if (script === 'ar' && (head.match(PERSIAN)?.length ?? 0) > 0.02 * count) return { language: 'fa', score: share };
  return { language: script, score: share };
}
