import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mcnemar, pairedBootstrap } from '@llm/eval';

/** What the difference between two runs over the same items means. */
export interface Significance {
  readonly metric: string;
  readonly pair: readonly [string, string];
  readonly items: number;
  /** Mean of the second less mean of the first. */
  readonly difference: number;
  readonly interval: readonly [number, number];
  /** Of McNemar's exact test where every score is 0 or 1, else of the bootstrap. */
  readonly p: number;
}

/** Scores by metric (`task: metric, filter`), and by document. */
type Scores = ReadonlyMap<string, ReadonlyMap<string, number>>;

interface Sample {
  readonly doc_hash?: string;
  readonly doc_id?: number;
  readonly filter?: string;
  readonly metrics?: readonly string[];
  readonly [metric: string]: unknown;
}

const SAMPLES = /^samples_(.+)_\d{4}-\d\d-\d\dT[\d.-]+\.jsonl$/;

/** The scores of each document that a folder keeps: samples_*.jsonl as lm-evaluation-harness writes them, one folder down too; of a task the newest. */
export async function scoresIn(folder: string): Promise<Scores> {
  const found = new Map<string, Map<string, number>>();
  for (const [task, path] of await sampleFiles(folder)) {
    for (const line of (await readFile(path, 'utf8')).split('\n')) {
      if (line.trim() === '') continue;
      const sample = JSON.parse(line) as Sample;
      for (const metric of sample.metrics ?? []) {
        const score = sample[metric];
        const number = typeof score === 'boolean' ? Number(score) : score;
        if (typeof number !== 'number' || !Number.isFinite(number)) continue;
        const name = `${task}: ${metric}${sample.filter === undefined || sample.filter === 'none' ? '' : `, ${sample.filter}`}`;
        found.set(name, (found.get(name) ?? new Map<string, number>()).set(sample.doc_hash ?? String(sample.doc_id), number));
      }
    }
  }
  return found;
}

async function sampleFiles(folder: string, depth = 1): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of (await readdir(folder, { withFileTypes: true }).catch(() => [])).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const task = SAMPLES.exec(entry.name)?.[1];
    // Dates sort as texts, so the last is the newest.
    if (entry.isFile() && task !== undefined) files.set(task, join(folder, entry.name));
    if (entry.isDirectory() && depth > 0) for (const [name, path] of await sampleFiles(join(folder, entry.name), depth - 1)) files.set(name, path);
  }
  return files;
}

/** Every metric that two runs or more have for the same documents, each run with the one before it. */
export function significanceOf(runs: readonly { readonly name: string; readonly scores: Scores }[]): Significance[] {
  return runs.slice(1).flatMap(({ name, scores }, i) => {
    const earlier = runs[i]!;
    return [...scores].flatMap(([metric, after]): Significance[] => {
      const before = earlier.scores.get(metric);
      const shared = [...after.keys()].filter((document) => before?.has(document));
      if (shared.length < 2) return [];
      const [a, b] = [shared.map((document) => before!.get(document)!), shared.map((document) => after.get(document)!)];
      const { difference, low, high, p } = pairedBootstrap(a, b);
      const binary = [...a, ...b].every((score) => score === 0 || score === 1);
      return [{ metric, pair: [earlier.name, name], items: shared.length, difference, interval: [low, high], p: binary ? mcnemar(a.map(Boolean), b.map(Boolean)).p : p }];
    });
  });
}
