import { pooledError, standardError, unweightedError } from '../metrics/stderr.ts';
import { mean } from '../metrics/aggregation.ts';
import type { TaskResults } from '../results/results.ts';
import type { Task } from '../tasks/create-task.ts';
import type { TaskGroup } from './group.ts';

/** Scores of all documents by metric and filter, `metric,filter`. */
export type CollectedScores = ReadonlyMap<string, readonly unknown[]>;

/** Aggregates the scores of a task, with their standard errors. */
export function taskResults(task: Task, scores: CollectedScores, { bootstrapIters }: { bootstrapIters: number }): TaskResults {
  const numbers: Record<string, number | string> = {};
  let documents = 0;
  for (const [key, items] of scores) {
    const [metric = '', filter = ''] = splitKey(key);
    // pass@1 and its like come from one function under several names.
    const known = task.metrics.find(({ name }) => name === metric) ?? task.metrics.find(({ measure }) => measure !== undefined);
    const by = known?.aggregation ?? mean;
    documents = Math.max(documents, items.length);
    const prepared = by.prepare?.(items) ?? items;
    numbers[key] = by.of(prepared);
    const iters = CORPUS.has(by.name) ? Math.min(bootstrapIters, 100) : bootstrapIters;
    numbers[`${metric}_stderr,${filter}`] = standardError(by, items, { bootstrapIters: iters }) ?? 'N/A';
  }
  return { name: task.name, alias: task.config.taskAlias ?? task.name, sample_len: documents, ...numbers };
}

// Their resamples take long, so lm-evaluation-harness takes a hundred at most.
const CORPUS = new Set(['bleu', 'chrf', 'chrf++', 'ter']);

/** The metric and the filter of a key; neither holds the other's comma, as filters may. */
const splitKey = (key: string): [string, string] => [key.slice(0, key.indexOf(',')), key.slice(key.indexOf(',') + 1)];

/** Averages of a group over all tasks below it. */
export function groupResults(group: TaskGroup, leaves: readonly string[], results: Readonly<Record<string, TaskResults>>): TaskResults {
  const known = leaves.flatMap((leaf) => (results[leaf] === undefined ? [] : [results[leaf]]));
  const named = { alias: group.groupAlias ?? group.group, name: group.group };
  if (group.aggregateMetricList === undefined || group.aggregateMetricList.length === 0) return named;
  const numbers: Record<string, number | string> = {};
  const counts: Record<string, number> = {};
  for (const { metric, weightBySize = true, filterList } of group.aggregateMetricList) {
    const found = new Set(known.flatMap((each) => Object.keys(each)).filter((key) => splitKey(key)[0] === metric && key.includes(',')).map((key) => splitKey(key)[1]));
    const filters = filterList === undefined ? [...found].sort() : [filterList].flat();
    for (const filter of filters) {
      const key = `${metric},${filter}`;
      const having = known.filter((each) => typeof each[key] === 'number');
      if (having.length === 0) continue;
      const sizes = having.map((each) => each.sample_len ?? 0);
      const weights = weightBySize ? sizes : sizes.map(() => 1);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      numbers[key] = having.reduce((sum, each, i) => sum + (each[key] as number) * weights[i]!, 0) / total;
      counts[key] = sizes.reduce((sum, size) => sum + size, 0);
      const errors = having.map((each) => each[`${metric}_stderr,${filter}`]);
      const numeric = errors.filter((error): error is number => typeof error === 'number');
      numbers[`${metric}_stderr,${filter}`] = numeric.length < errors.length ? 'N/A' : weightBySize ? pooledError(numeric, sizes) : unweightedError(numeric);
    }
  }
  const documents = known.reduce((sum, each) => sum + (each.sample_len ?? 0), 0);
  return { ...named, sample_len: documents, ...numbers, ...(Object.keys(counts).length > 0 ? { sample_count: counts } : {}) };
}
