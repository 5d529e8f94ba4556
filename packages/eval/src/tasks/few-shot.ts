import { EvalError } from '../eval-error.ts';
import { pythonRandom } from '../python/random.ts';
import type { Doc } from './doc.ts';

/** Chooses examples; `without` is the document that is asked about, where it is among those that are chosen from. */
export type FewshotSampler = (count: number, without: Doc | undefined) => readonly Doc[];

const key = (doc: Doc): string => JSON.stringify(doc);

/**
 * Draws examples as lm-evaluation-harness does: with Python's `random.Random(seed).sample`, one more than needed where the document that
 * is asked about may be among them, one document after the other from the same stream.
 */
export function randomSampler(docs: readonly Doc[], { seed, task }: { seed: number; task: string }): FewshotSampler {
  const random = pythonRandom(seed);
  return (count, without) => {
    const wanted = without === undefined ? count : count + 1;
    if (docs.length < wanted) throw tooFew(task, wanted, docs.length);
    const drawn = random.sample(docs, wanted);
    if (without === undefined) return drawn;
    const same = key(without);
    const others = drawn.filter((doc) => key(doc) !== same).slice(0, count);
    if (others.length === count) return others;
    const rest = docs.filter((doc) => key(doc) !== same);
    if (rest.length < count) throw tooFew(task, count, rest.length);
    return random.sample(rest, count);
  };
}

/** Takes the first examples. */
export function firstSampler(docs: readonly Doc[], { task }: { task: string }): FewshotSampler {
  return (count, without) => {
    const same = without === undefined ? undefined : key(without);
    const taken: Doc[] = [];
    for (const doc of docs) {
      if (taken.length === count) break;
      if (same === undefined || key(doc) !== same) taken.push(doc);
    }
    if (taken.length < count) throw tooFew(task, count, taken.length);
    return taken;
  };
}

function tooFew(task: string, wanted: number, found: number): EvalError {
  return new EvalError('E_TASK_DATA', `${task}: expected at least ${wanted} documents to choose examples from but found ${found}. Give more, or ask for fewer with numFewshot.`);
}
