import type { ApiPair } from './api-pairs.ts';

/** A conversation of one question, as `llm sft` and `llm grpo` read it. */
export interface AskedRecord {
  readonly messages: readonly [{ readonly role: 'user'; readonly content: string }, { readonly role: 'assistant'; readonly content: string }];
}

/** A question alone. */
export interface TaskRecord {
  readonly messages: readonly [{ readonly role: 'user'; readonly content: string }];
}

/** A question with a better and a worse answer, as `llm dpo` reads it. */
export interface ComparedRecord {
  readonly prompt: readonly [{ readonly role: 'user'; readonly content: string }];
  readonly chosen: readonly [{ readonly role: 'assistant'; readonly content: string }];
  readonly rejected: readonly [{ readonly role: 'assistant'; readonly content: string }];
}

/** What a declaration is, by how it begins. */
export function kindOf(signature: string): string {
  if (/^(?:async )?function\b/.test(signature)) return 'a function';
  return /^static\b/.test(signature) ? 'a static method' : 'a method';
}

const ask = (question: string, { signature }: ApiPair, answer: string): AskedRecord => ({
  messages: [{ role: 'user', content: `${signature}\n${question}` }, { role: 'assistant', content: answer }],
});
const DOES = 'What does this do?';
const IS = 'What is this?';
const BRIEFLY = 'Say in three to six words what this does.';

/** Records for the stages after pretraining, and those that are held out. */
export interface ApiQuestions {
  /** What declarations do, and what they are. */
  readonly instructions: readonly AskedRecord[];
  readonly heldInstructions: readonly AskedRecord[];
  /** The shorter of two descriptions is better. */
  readonly comparisons: readonly ComparedRecord[];
  readonly heldComparisons: readonly ComparedRecord[];
  /** Something that was never shown, and whose answer can be checked: a sentence of three to six words. */
  readonly tasks: readonly TaskRecord[];
  readonly heldTasks: readonly TaskRecord[];
}

export interface ApiQuestionsOptions {
  readonly seed: number;
  /** Descriptions to learn at most; default 3000. */
  readonly most?: number;
  /** Held-out declarations; default 128. */
  readonly held?: number;
}

/** Questions and answers made from documented declarations, each of which is either learned or held out. */
export function apiQuestions(pairs: Iterable<ApiPair>, { seed, most = 3000, held = 128 }: ApiQuestionsOptions): ApiQuestions {
  const unique = new Map<string, ApiPair>();
  for (const pair of pairs) if (!unique.has(pair.signature)) unique.set(pair.signature, pair);
  const random = mulberry(seed);
  const all = mixed([...unique.values()], random);
  const [heldOut, learned] = [all.slice(0, held), all.slice(held, held + most)];
  const compared = (some: readonly ApiPair[]): ComparedRecord[] => some.flatMap((pair, i) => {
    const other = some[(i + 1) % some.length]!;
    const [short, long] = [pair.description, other.description].toSorted((a, b) => words(a) - words(b)) as [string, string];
    if (words(long) - words(short) < 3) return [];
    return [{ prompt: [{ role: 'user', content: `${pair.signature}\n${DOES}` }], chosen: [{ role: 'assistant', content: short }], rejected: [{ role: 'assistant', content: long }] }];
  });
  const tasks = (some: readonly ApiPair[]): TaskRecord[] => some.map(({ signature }) => ({ messages: [{ role: 'user', content: `${signature}\n${BRIEFLY}` }] }));
  return {
    instructions: mixed([...learned.map((pair) => ask(DOES, pair, pair.description)), ...learned.slice(0, most / 3).map((pair) => ask(IS, pair, kindOf(pair.signature)))], random),
    heldInstructions: heldOut.map((pair) => ask(IS, pair, kindOf(pair.signature))),
    comparisons: compared(learned), heldComparisons: compared(heldOut),
    tasks: tasks(learned), heldTasks: tasks(heldOut),
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
