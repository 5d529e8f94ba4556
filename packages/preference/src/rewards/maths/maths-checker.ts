import { terminable } from '../thread/terminable.ts';
import { normalizeAnswer } from './normalize-answer.ts';
import { plainNumber } from './plain-number.ts';
import { type MathsJob, serveMaths } from './serve-maths.ts';
import { splitList } from './split-list.ts';

export interface MathsCheckerOptions {
  /** How long two expressions may be worked on; what takes longer counts as different. Default 1000. */
  readonly timeoutMs?: number;
  /** Starts the thread in a page, where a bundler does not find it by itself: a module worker of the file `maths-worker.js` beside this one. */
  readonly startWorker?: () => Worker;
}

/** Compares answers to questions of mathematics. Close it when done. */
export interface MathsChecker {
  equal(answer: string, reference: string): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Whether answers are equal as mathematics: as text once they are in one form, as numbers, part by part where they are lists, tuples or sets,
 * and else by a computer algebra (compute-engine) in a thread of its own, which is ended where it takes too long and loaded only when it is needed.
 *
 * Numbers are equal where six places after the point are.
 *
 * @example
 * ```ts
 * import { mathsChecker } from '@llm/preference';
 * const maths = mathsChecker();
 * const equal = await Promise.all([['1{,}000', '1000'], ['\\frac{2}{4}', '0.5'], ['x^2-1', '(x-1)(x+1)'], ['3', '4']].map(([a, b]) => maths.equal(a!, b!)));
 * await maths.close();
 * if (equal.join() !== 'true,true,true,false') throw new Error('three times the same');
 * ```
 */
export function mathsChecker({ timeoutMs = 1000, startWorker }: MathsCheckerOptions = {}): MathsChecker {
  const thread = terminable<MathsJob, { readonly equal: boolean }>({
    module: '@cortex-js/compute-engine', address: () => import.meta.resolve('@cortex-js/compute-engine'), serve: serveMaths,
    page: startWorker ?? (() => new Worker(new URL('./maths-worker.js', import.meta.url), { type: 'module' })),
  });
  const same = async (a: string, b: string): Promise<boolean> => {
    if (a === b) return true;
    if (a === '' || b === '') return false;
    const [left, right] = [plainNumber(a), plainNumber(b)];
    if (left !== undefined && right !== undefined) {
      // "50" is an answer to "what percentage", whose reference says 50%.
      const percentages = a.endsWith('%') !== b.endsWith('%') && plainNumber(a.replace('%', '')) === plainNumber(b.replace('%', ''));
      return percentages || Math.abs(left - right) <= 5e-7;
    }
    const [lefts, rights] = [splitList(a), splitList(b)];
    if (lefts !== undefined || rights !== undefined) {
      if (lefts === undefined || rights === undefined || lefts.brackets !== rights.brackets || lefts.parts.length !== rights.parts.length) return false;
      return lefts.ordered ? everyOf(lefts.parts, (part, i) => same(part, rights.parts[i]!)) : sameSet(lefts.parts, rights.parts);
    }
    // Words, and single letters of a choice, are what they say.
    if (/^[A-Za-z][A-Za-z ]*$/.test(a) || /^[A-Za-z][A-Za-z ]*$/.test(b)) return a.toLowerCase() === b.toLowerCase() && a.length > 1;
    const outcome = await thread.ask({ a, b }, { timeoutMs });
    return 'reply' in outcome && outcome.reply.equal;
  };
  /** Each part has a partner of its own. */
  const sameSet = async (lefts: readonly string[], rights: readonly string[]): Promise<boolean> => {
    const left = [...rights];
    for (const part of lefts) {
      let found = -1;
      for (let i = 0; i < left.length && found < 0; i++) if (await same(part, left[i]!)) found = i;
      if (found < 0) return false;
      left.splice(found, 1);
    }
    return true;
  };
  return {
    equal: (answer, reference) => same(normalizeAnswer(answer), normalizeAnswer(reference)),
    close: () => thread.close(),
  };
}

async function everyOf<T>(values: readonly T[], test: (value: T, i: number) => Promise<boolean>): Promise<boolean> {
  for (const [i, value] of values.entries()) if (!await test(value, i)) return false;
  return true;
}
