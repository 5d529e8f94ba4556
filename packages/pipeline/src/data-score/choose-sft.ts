import { coveringSample, difficultyBuckets, semanticDedup, type SftExample, taskKind } from '@llm/data-quality';
import type { ExampleEmbeddings } from './embed-examples.ts';

/** What speaks for and against one example when a subset is chosen. */
export interface Candidate {
  readonly example: SftExample;
  /** Undefined where no model was asked, NaN where it could not tell. */
  readonly ifd: number | undefined;
  /** Mean of its scores. */
  readonly quality: number;
  /** Why it must not be chosen, such as `the judge discards it`. */
  readonly excluded: string | undefined;
}

export interface ChooseOptions {
  /** Examples to choose. */
  readonly size: number;
  readonly embeddings?: ExampleEmbeddings | undefined;
}

export interface Chosen {
  /** Places of the chosen, rising. */
  readonly chosen: readonly number[];
  /** Examples of each bucket of difficulty, easiest first; one bucket where nothing was measured. */
  readonly buckets: readonly number[];
  /** How many were out of the question, by reason. */
  readonly excluded: Readonly<Record<string, number>>;
}

const BUCKETS = 3;
const CLUSTERS = 100;
const PER_CLUSTER = 20;

/**
 * A subset that covers the set: easy, medium and hard examples in equal parts by their IFD (which must be at most 1), and in each part
 * those that cover the embeddings (`coveringSample`), or without embeddings the kinds of task in turn, the best of each kind first. Left
 * out beforehand is what is excluded, and what says the same as another (`semanticDedup`).
 */
export function chooseSft(candidates: readonly Candidate[], { size, embeddings }: ChooseOptions): Chosen {
  const excluded: Record<string, number> = {};
  const exclude = (reason: string): void => { excluded[reason] = (excluded[reason] ?? 0) + 1; };
  const hasIfd = candidates.some(({ ifd }) => ifd !== undefined);
  let left = candidates.flatMap(({ ifd, excluded: reason }, place) => {
    const why = reason ?? (ifd === undefined || ifd <= 1 ? undefined : ifd > 1 ? 'its instruction does not help (IFD above 1)' : 'its difficulty was not measured');
    if (why !== undefined) exclude(why);
    return why === undefined ? [place] : [];
  });
  if (embeddings !== undefined && left.length > 1) left = left.filter(distinct(left, embeddings, exclude));
  const numbers = hasIfd ? difficultyBuckets(left.map((place) => candidates[place]!.ifd!), { buckets: BUCKETS }) : left.map(() => 0);
  const groups = Array.from({ length: hasIfd ? BUCKETS : 1 }, (_, bucket) => left.filter((_, i) => numbers[i] === bucket));
  const shares = evenShares(groups.map(({ length }) => length), size);
  const chosen = groups.flatMap((group, i) => (embeddings === undefined ? byKind(group, candidates) : covering(group, embeddings, shares[i]!)).slice(0, shares[i]));
  return { chosen: chosen.toSorted((a, b) => a - b), buckets: shares, excluded };
}

/** Whether a place says something that no other says better. A row of zeros has no direction to compare. */
function distinct(places: readonly number[], { embeddings, width }: ExampleEmbeddings, exclude: (reason: string) => void): (place: number) => boolean {
  const rowOf = (place: number): Float32Array => embeddings.subarray(place * width, (place + 1) * width);
  const usable = places.filter((place) => rowOf(place).some((value) => value !== 0));
  if (usable.length < 2) return () => true;
  const rows = new Float32Array(usable.length * width);
  usable.forEach((place, i) => rows.set(rowOf(place), i * width));
  const { removed } = semanticDedup(rows, { dim: width, clusters: Math.min(CLUSTERS, Math.ceil(usable.length / PER_CLUSTER)) });
  const gone = new Set(usable.filter((_, i) => removed[i] === 1));
  for (const _ of gone) exclude('another says the same (cosine 0.99)');
  return (place) => !gone.has(place);
}

function covering(places: readonly number[], { embeddings, width }: ExampleEmbeddings, count: number): number[] {
  const rows = new Float32Array(places.length * width);
  places.forEach((place, i) => rows.set(embeddings.subarray(place * width, (place + 1) * width), i * width));
  return coveringSample(rows, { size: width, count }).map((i) => places[i]!);
}

/** The kinds of task in turn, the best example of each first. */
function byKind(places: readonly number[], candidates: readonly Candidate[]): number[] {
  const kinds = new Map<string, number[]>();
  for (const place of places.toSorted((a, b) => candidates[b]!.quality - candidates[a]!.quality || a - b)) {
    const kind = taskKind(candidates[place]!.example.turns.find(({ role }) => role === 'user')?.content ?? '');
    const list = kinds.get(kind);
    if (list === undefined) kinds.set(kind, [place]);
    else list.push(place);
  }
  const lists = [...kinds.values()];
  const most = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: most }, (_, rank) => lists.flatMap((list) => list[rank] ?? [])).flat();
}

/** So many from each group that none gives more than it has and the shares differ as little as may be. */
function evenShares(sizes: readonly number[], total: number): number[] {
  const shares = sizes.map(() => 0);
  for (let left = Math.min(total, sizes.reduce((sum, size) => sum + size, 0)); left > 0;) {
    const open = sizes.flatMap((size, i) => (shares[i]! < size ? [i] : []));
    const each = Math.max(1, Math.floor(left / open.length));
    for (const i of open.slice(0, left)) {
      const more = Math.min(each, sizes[i]! - shares[i]!, left);
      shares[i]! += more;
      left -= more;
    }
  }
  return shares;
}
