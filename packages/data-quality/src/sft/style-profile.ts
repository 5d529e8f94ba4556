import { answerOf, instructionOf, type SftExample, type SftScore } from './sft-example.ts';
import { hasHan, wordTokens } from './word-tokens.ts';

const FEATURES = ['words', 'wordsPerSentence', 'markdownLines', 'exclamations', 'emoji', 'firstPerson'] as const;
type Feature = (typeof FEATURES)[number];

/** Median and spread of each feature of the answers of a data set. */
export interface StyleProfile {
  readonly examples: number;
  readonly features: Readonly<Record<Feature, { readonly median: number; readonly spread: number }>>;
}

/** An answer this many spreads from the median still counts as of the same style. */
const USUAL = 2.5;
/** Spread that is taken where nearly all answers are alike: less than this is no difference that a reader would see. */
const LEAST_SPREAD: Readonly<Record<Feature, number>> = { words: 0.25, wordsPerSentence: 0.25, markdownLines: 0.1, exclamations: 0.02, emoji: 0.02, firstPerson: 0.02 };

function featuresOf(text: string): Record<Feature, number> {
  const words = wordTokens(text);
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const share = (part: number): number => (words.length === 0 ? 0 : part / words.length);
  return {
    words: Math.log1p(words.length),
    wordsPerSentence: Math.log1p(words.length / Math.max(1, count(/[.!?。！？]+/g))),
    markdownLines: lines.length === 0 ? 0 : lines.filter((line) => /^\s{0,12}(?:#{1,6}\s|[-*+]\s|\d{1,3}[.)]\s|>|\||```)|\*\*/.test(line)).length / lines.length,
    exclamations: share(count(/[!！]/g)),
    emoji: share(count(/\p{Extended_Pictographic}/gu)),
    firstPerson: share(words.filter((word) => word === 'i' || word === 'my' || word === 'me' || word === '我').length),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[half] as number) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}

/**
 * The usual style of a set of answers: for each feature the median m and the spread s = 1.4826 · median |x − m|, which is the
 * standard deviation of normal values. Features: log of words, log of words a sentence, share of lines with Markdown, and
 * exclamation marks, emoji and first persons for each word.
 *
 * Throws RangeError for no example.
 *
 * @example
 * ```ts
 * import { styleConsistency, styleProfile } from '@llm/data-quality';
 * const example = (content: string) => ({ id: 'a', turns: [{ role: 'user', content: 'Hello?' }, { role: 'assistant', content }] as const });
 * const profile = styleProfile(['It is late.', 'It was early.', 'They are here.'].map(example));
 * console.assert(styleConsistency(example('He is there.'), profile).score === 1);
 * console.assert(styleConsistency(example('WOW!!! 🎉🎉'), profile).score! < 1);
 * ```
 */
export function styleProfile(examples: readonly SftExample[]): StyleProfile {
  if (examples.length === 0) throw new RangeError('styleProfile: expected at least one example but found none. Pass the examples of one data set.');
  const rows = examples.map((example) => featuresOf(answerOf(example)));
  const features = FEATURES.map((feature) => {
    const values = rows.map((row) => row[feature]);
    const middle = median(values);
    return [feature, { median: middle, spread: Math.max(LEAST_SPREAD[feature], 1.4826 * median(values.map((value) => Math.abs(value - middle)))) }] as const;
  });
  return { examples: examples.length, features: Object.fromEntries(features) as StyleProfile['features'] };
}

/**
 * How far the last answer of an example is in the usual style, mean over the features of min(1, 2.5 / (|x − m| / s)), and of one
 * more part: 1 where the answer is in the script of the instruction (Chinese or not), or the instruction asks for a translation.
 *
 * @example
 * ```ts
 * import { styleConsistency, styleProfile } from '@llm/data-quality';
 * const turns = [{ role: 'user', content: '你好吗？' }, { role: 'assistant', content: 'I am fine.' }] as const;
 * console.assert(styleConsistency({ id: 'a', turns }, styleProfile([{ id: 'a', turns }])).evidence[0] === 'another script than that of the instruction');
 * ```
 */
export function styleConsistency(example: SftExample, profile: StyleProfile): SftScore {
  const values = featuresOf(answerOf(example));
  const evidence: string[] = [];
  const parts = FEATURES.map((feature) => {
    const { median: middle, spread } = profile.features[feature];
    const away = Math.abs(values[feature] - middle) / spread;
    if (away > USUAL) evidence.push(`${feature} is ${away.toFixed(1)} spreads ${values[feature] > middle ? 'above' : 'below'} the usual`);
    return away > USUAL ? USUAL / away : 1;
  });
  const instruction = instructionOf(example);
  const sameScript = hasHan(instruction) === hasHan(answerOf(example)) || /translat|翻译|译成|英文|中文|chinese|english/i.test(instruction);
  if (!sameScript) evidence.push('another script than that of the instruction');
  parts.push(sameScript ? 1 : 0);
  return { score: parts.reduce((sum, part) => sum + part, 0) / parts.length, evidence };
}
