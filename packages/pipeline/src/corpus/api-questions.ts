import type { ApiPair } from './api-pairs.ts';

/** A conversation of one question, as `llm sft` and `llm grpo` read it. */
export interface AskedRecord {
  readonly messages: readonly [{ readonly role: 'user'; readonly content: string }, { readonly role: 'assistant'; readonly content: string }];
}

/** A question with a better and a worse answer, as `llm dpo` reads it. */
export interface ComparedRecord {
  readonly prompt: readonly [{ readonly role: 'user'; readonly content: string }];
  readonly chosen: readonly [{ readonly role: 'assistant'; readonly content: string }];
  readonly rejected: readonly [{ readonly role: 'assistant'; readonly content: string }];
}

/** What a declaration gives back, in words. */
const RETURNS: readonly (readonly [RegExp, string])[] = [
  [/^void$/, 'nothing'], [/^boolean$| is /, 'true or false'], [/^number$/, 'a number'], [/^string$/, 'text'], [/^Promise</, 'a promise'],
];

/** What a declaration returns, in words; undefined where none of them fits. */
export function returned(signature: string): string | undefined {
  const type = /\)\s*:\s*([^)(]+)$/.exec(signature)?.[1]?.trim();
  return type === undefined ? undefined : RETURNS.find(([pattern]) => pattern.test(type))?.[1];
}

/** What a declaration is, by how it begins. */
export function kindOf(signature: string): string {
  if (/^(?:async )?function\b/.test(signature)) return 'a function';
  return /^static\b/.test(signature) ? 'a static method' : 'a method';
}

const ask = (question: string, { signature }: ApiPair, answer: string): AskedRecord => ({
  messages: [{ role: 'user', content: `${question}\n${signature}` }, { role: 'assistant', content: answer }],
});
const DOES = 'What does this do?';
const IS = 'What is this?';
const GIVES = 'What does this return?';

/** Records for the stages after pretraining, and those that are held out. */
export interface ApiQuestions {
  /** Descriptions and kinds, with a few questions about what is returned, so that their form is known. */
  readonly instructions: readonly AskedRecord[];
  readonly heldInstructions: readonly AskedRecord[];
  /** The shorter of two descriptions is better. */
  readonly comparisons: readonly ComparedRecord[];
  readonly heldComparisons: readonly ComparedRecord[];
  /** What is returned: an answer that can be checked. */
  readonly questions: readonly AskedRecord[];
  readonly heldQuestions: readonly AskedRecord[];
}

export interface ApiQuestionsOptions {
  readonly seed: number;
  /** Descriptions to learn at most; default 3000. */
  readonly most?: number;
  /** Questions about what is returned among the instructions; default 60. */
  readonly few?: number;
  /** Held-out records of each sort; default 128. */
  readonly held?: number;
}

/**
 * Questions and answers made from documented declarations. A declaration stands on one side only, and every kind of
 * returned value is asked about equally often.
 */
export function apiQuestions(pairs: Iterable<ApiPair>, { seed, most = 3000, few = 60, held = 128 }: ApiQuestionsOptions): ApiQuestions {
  const unique = new Map<string, ApiPair>();
  for (const pair of pairs) if (!unique.has(pair.signature)) unique.set(pair.signature, pair);
  const random = mulberry(seed);
  const all = mixed([...unique.values()], random);
  const [heldOut, others] = [all.slice(0, held), all.slice(held)];
  const byReturn = new Map<string, ApiPair[]>(RETURNS.map(([, words]) => [words, []]));
  for (const pair of others) byReturn.get(returned(pair.signature) ?? '')?.push(pair);
  const each = Math.min(...[...byReturn.values()].map(({ length }) => length));
  const balanced = mixed([...byReturn.values()].flatMap((some) => some.slice(0, each)), random);
  const asked = balanced.map((pair) => ask(GIVES, pair, returned(pair.signature)!));
  const heldQuestions = asked.slice(0, held);
  const hidden = new Set(balanced.slice(0, held).map(({ signature }) => signature));
  const learned = others.filter(({ signature }) => !hidden.has(signature)).slice(0, most);
  const compared = (some: readonly ApiPair[]): ComparedRecord[] => some.flatMap((pair, i) => {
    const other = some[(i + 1) % some.length]!;
    const [short, long] = [pair.description, other.description].toSorted((a, b) => words(a) - words(b)) as [string, string];
    if (words(long) - words(short) < 3) return [];
    return [{ prompt: [{ role: 'user', content: `${DOES}\n${pair.signature}` }], chosen: [{ role: 'assistant', content: short }], rejected: [{ role: 'assistant', content: long }] }];
  });
  const mixedIn = asked.slice(held, held + few);
  return {
    instructions: mixed([...learned.map((pair) => ask(DOES, pair, pair.description)), ...learned.slice(0, most / 3).map((pair) => ask(IS, pair, kindOf(pair.signature))), ...mixedIn], random),
    heldInstructions: heldOut.map((pair) => ask(IS, pair, kindOf(pair.signature))),
    comparisons: compared(learned), heldComparisons: compared(heldOut),
    questions: asked.slice(held + few), heldQuestions,
  };
}

function words(text: string): number {
  return text.split(' ').length;
}

/** Fisher and Yates. */
function mixed<T>(items: readonly T[], random: () => number): T[] {
  const list = [...items];
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}

/** Small uniform numbers in [0, 1), the same everywhere. */
function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
