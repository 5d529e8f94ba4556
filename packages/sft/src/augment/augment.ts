import type { RawExample } from '../formats/raw-example.ts';

/** Makes examples of one; with the same seed the same. */
export type Propose = (example: RawExample, context: { readonly seed: number; readonly others: readonly RawExample[] }) => Promise<readonly RawExample[]>;

/** Why an example is not wanted, or nothing. The filters that the originals went through belong here. */
export type AugmentFilter = (example: RawExample) => string | undefined | Promise<string | undefined>;

export interface AugmentOptions {
  readonly propose: Propose;
  /** Run on every proposal, in turn. */
  readonly filters: readonly AugmentFilter[];
  /** The places of those examples that repeat an earlier one; the originals come first. */
  readonly duplicates: (examples: readonly RawExample[]) => Iterable<number> | Promise<Iterable<number>>;
  readonly seed: number;
  /** Examples at a time, for a model behind a network; default 1. */
  readonly concurrency?: number;
}

export interface Augmented {
  /** What is new and was kept; `index` is that of the example it was made of. */
  readonly examples: readonly RawExample[];
  /** What was not, and why. */
  readonly dropped: readonly { readonly example: RawExample; readonly reason: string }[];
}

/**
 * New examples made of given ones by a model, local or remote, that are kept only where they pass the filters and repeat nothing.
 *
 * @example
 * ```ts
 * import { augment, exactDuplicates, paraphrase, readExamples } from '@llm/sft';
 * const examples = readExamples([{ prompt: 'Name a bird.', completion: 'The owl.' }]);
 * const { examples: more } = await augment(examples, {
 *   propose: paraphrase(async () => 'Which bird do you know?'), filters: [({ prompt }) => (prompt === '' ? 'empty' : undefined)], duplicates: exactDuplicates, seed: 0,
 * });
 * if (more[0]?.prompt !== 'Which bird do you know?' || more[0].completion !== 'The owl.') throw new Error('the same answer');
 * ```
 */
export async function augment(examples: readonly RawExample[], { propose, filters, duplicates, seed, concurrency = 1 }: AugmentOptions): Promise<Augmented> {
  const proposed: (readonly RawExample[])[] = [];
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(concurrency, examples.length) }, async () => {
    while (next < examples.length) {
      const i = next++;
      const example = examples[i]!;
      const made = await propose(example, { seed: seed + i, others: examples });
      proposed[i] = made.map((each) => ({ ...each, index: example.index ?? i }));
    }
  }));
  const kept: RawExample[] = [];
  const dropped: { example: RawExample; reason: string }[] = [];
  for (const example of proposed.flat()) {
    const reason = await firstReason(example, filters);
    if (reason === undefined) kept.push(example);
    else dropped.push({ example, reason });
  }
  const repeated = new Set(await duplicates([...examples, ...kept]));
  return {
    examples: kept.filter((_, i) => !repeated.has(examples.length + i)),
    dropped: [...dropped, ...kept.filter((_, i) => repeated.has(examples.length + i)).map((example) => ({ example, reason: 'it repeats another' }))],
  };
}

async function firstReason(example: RawExample, filters: readonly AugmentFilter[]): Promise<string | undefined> {
  for (const filter of filters) {
    const reason = await filter(example);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** The places of examples whose prompt and completion are the same as those of an earlier one, but for case and white space. */
export function exactDuplicates(examples: readonly RawExample[]): number[] {
  const seen = new Set<string>();
  return examples.flatMap(({ prompt, completion }, i) => {
    const key = JSON.stringify([prompt ?? null, completion]).toLowerCase().replace(/(\\[nrt]|\s)+/g, ' ');
    if (seen.has(key)) return [i];
    seen.add(key);
    return [];
  });
}
