import { EvalError } from '../eval-error.ts';
import type { GenerationRequest, LoglikelihoodRequest, Scorer } from '../requests/request.ts';
import { sampleOf } from '../results/sample.ts';
import type { EvalResults, SampleResult, TaskResults } from '../results/results.ts';
import { writtenConfig } from '../results/snake-case.ts';
import type { Task, TaskRequest } from '../tasks/create-task.ts';
import type { Doc } from '../tasks/doc.ts';
import { groupResults, taskResults } from './aggregate.ts';
import type { TaskGroup } from './group.ts';

export interface EvaluateOptions {
  readonly groups?: readonly TaskGroup[];
  /** The first so many documents of each task; below 1, that part of them. Default all. */
  readonly limit?: number;
  /** Resamples behind standard errors; 0 leaves them out. Default 100,000, as in lm-evaluation-harness. */
  readonly bootstrapIters?: number;
  /** Write prompts as conversations; default false. */
  readonly applyChatTemplate?: boolean;
  /** With a chat template: examples as turns of their own; default in one message. */
  readonly fewshotAsMultiturn?: boolean;
  readonly systemInstruction?: string;
  /** Keep what each document was asked and answered; default true. */
  readonly logSamples?: boolean;
  /** Further facts for the results' `config`. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A task while it is evaluated: its documents, what each was asked, and the answers to each request. */
interface Asked {
  readonly task: Task;
  readonly docs: readonly Doc[];
  readonly requests: readonly (readonly TaskRequest[])[];
  readonly answers: unknown[][][];
}

/**
 * Measures a model on tasks, and gives the results as lm-evaluation-harness writes them.
 *
 * All requests of one kind go to the scorer together, so that what tasks have in common runs once. Each filter of a task gives metrics of
 * its own, `exact_match,strict-match`.
 *
 * @throws EvalError E_SCORER where a chat template is asked for and there is none, and what tasks and scorers throw.
 *
 * @example
 * ```ts
 * import { createTask, evaluate, type Scorer } from '@llm/eval';
 * const task = createTask({ task: 'sums', testSplit: 'test', docToText: '{{a}}+{{b}}=', docToTarget: '{{a + b}}', metricList: [{ metric: 'exact_match' }] }, {
 *   splits: { test: [{ a: 1, b: 2 }, { a: 2, b: 2 }] },
 * });
 * const three: Scorer = {
 *   name: 'three', loglikelihood: async () => [], loglikelihoodRolling: async () => [], generateUntil: async (requests) => requests.map(() => '3'),
 * };
 * const { results } = await evaluate(three, [task]);
 * if (results.sums?.['exact_match,none'] !== 0.5) throw new Error('one of two sums is three');
 * ```
 */
export async function evaluate(scorer: Scorer, tasks: readonly Task[], options: EvaluateOptions = {}): Promise<EvalResults> {
  const { groups = [], limit, bootstrapIters = 100_000, applyChatTemplate = false, fewshotAsMultiturn = false, systemInstruction, logSamples = true } = options;
  const started = Date.now();
  const template = applyChatTemplate ? scorer.applyChatTemplate : undefined;
  if (applyChatTemplate && template === undefined) throw new EvalError('E_SCORER', `evaluate: expected ${scorer.name} to have a chat template but found none. Leave applyChatTemplate out, or give one.`);
  const names = tasks.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new EvalError('E_TASK_CONFIG', `evaluate: expected tasks of different names but found two called ${twice}. Rename one.`);

  const asked = tasks.map((task): Asked => {
    const docs = limit === undefined ? task.docs : task.docs.slice(0, limit < 1 ? Math.ceil(task.docs.length * limit) : limit);
    const requests = task.requests(docs, { applyChatTemplate: template, fewshotAsMultiturn, systemInstruction });
    return { task, docs, requests, answers: requests.map((each) => each.map(() => [])) };
  });
  await answerAll(scorer, asked);

  const results: Record<string, TaskResults> = {};
  const samples: Record<string, SampleResult[]> = {};
  for (const each of asked) {
    const { scores, logged } = await scored(each, { logSamples });
    results[each.task.name] = taskResults(each.task, scores, { bootstrapIters });
    samples[each.task.name] = logged;
  }
  const levels = groupLevels(groups, new Set(names));
  const averaged = Object.fromEntries(levels.map(({ group, leaves }) => [group.group, groupResults(group, leaves, results)]));
  const having = levels.filter(({ group }) => (group.aggregateMetricList ?? []).length > 0);
  const byName = <Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> => Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  return {
    results: { ...results, ...averaged },
    ...(having.length === 0 ? {} : { groups: Object.fromEntries(having.map(({ group }) => [group.group, averaged[group.group]!])) }),
    group_subtasks: Object.fromEntries(levels.map(({ group }) => [group.group, group.tasks])),
    configs: byName(tasks.map((task) => [task.name, writtenConfig(task.config, task.numFewshot)] as const)),
    versions: byName([...tasks.map(({ name, config }) => [name, config.metadata?.version ?? 'Yaml'] as const), ...groups.map(({ group, metadata }) => [group, String(metadata?.version ?? 'N/A')] as const)]),
    'n-shot': byName([...tasks.map((task) => [task.name, task.numFewshot] as const), ...common(levels, (leaf) => tasks.find(({ name }) => name === leaf)!.numFewshot)]),
    higher_is_better: byName([...tasks.map((task) => [task.name, better(task)] as const), ...levels.map(({ group, leaves }) => [group.group, agreed(leaves.map((leaf) => better(tasks.find(({ name }) => name === leaf)!)))] as const)]),
    'n-samples': Object.fromEntries(asked.map(({ task }) => [task.name, { original: task.docs.length, effective: results[task.name]!.sample_len ?? 0 }])),
    ...(logSamples ? { samples } : {}),
    config: { model: scorer.name, ...scorer.info, limit: limit ?? null, bootstrap_iters: bootstrapIters, ...options.config },
    date: started / 1000,
    total_evaluation_time_seconds: String((Date.now() - started) / 1000),
    model_name: scorer.name,
    system_instruction: systemInstruction ?? null,
    fewshot_as_multiturn: fewshotAsMultiturn,
  };
}

/** Sends all requests of each kind at once, as often as their tasks repeat them, and puts the answers where they belong. */
async function answerAll(scorer: Scorer, asked: readonly Asked[]): Promise<void> {
  const all = asked.flatMap(({ task, requests, answers }) => requests.flatMap((each, doc) => each.flatMap((request, i) => (
    Array.from({ length: task.config.repeats ?? 1 }, () => ({ request, put: (answer: unknown): void => { answers[doc]![i]!.push(answer); } }))
  ))));
  const send = async <Request>(type: TaskRequest['type'], ask: (requests: readonly Request[]) => Promise<readonly unknown[]>): Promise<void> => {
    const chosen = all.filter(({ request }) => request.type === type);
    if (chosen.length === 0) return;
    const answers = await ask(chosen.map(({ request }) => request.request as Request));
    chosen.forEach(({ put }, i) => put(answers[i]));
  };
  await send<LoglikelihoodRequest>('loglikelihood', (requests) => scorer.loglikelihood(requests));
  await send<string>('loglikelihood_rolling', (requests) => scorer.loglikelihoodRolling(requests));
  await send<GenerationRequest>('generate_until', (requests) => scorer.generateUntil(requests));
}

/** Filters and scores what a task was answered. */
async function scored({ task, docs, requests, answers }: Asked, { logSamples }: { logSamples: boolean }): Promise<{ scores: Map<string, unknown[]>; logged: SampleResult[] }> {
  const scores = new Map<string, unknown[]>();
  const logged: SampleResult[] = [];
  const owners = requests.flatMap((each, doc) => each.map(() => docs[doc]!));
  for (const { name: filter, filter: apply } of task.filters) {
    const filtered = apply(answers.flat(), owners);
    let at = 0;
    for (const [docId, doc] of docs.entries()) {
      const own = filtered.slice(at, at += requests[docId]!.length);
      const found = task.score(doc, own);
      for (const [metric, value] of Object.entries(found)) {
        const key = `${metric},${filter}`;
        const items = scores.get(key) ?? [];
        items.push(value);
        scores.set(key, items);
      }
      if (logSamples) logged.push(await sampleOf({ docId, doc, target: task.target(doc), requests: requests[docId]!, responses: answers[docId]!, filtered: own, filter, scores: found }));
    }
  }
  return { scores, logged };
}

/** Groups with the tasks below them, those inside others first; EvalError E_TASK_CONFIG for one that holds itself. */
function groupLevels(groups: readonly TaskGroup[], tasks: ReadonlySet<string>): { group: TaskGroup; leaves: string[] }[] {
  const byName = new Map(groups.map((group) => [group.group, group]));
  const found = new Map<string, { group: TaskGroup; leaves: string[] }>();
  const visit = (group: TaskGroup, above: readonly string[]): string[] => {
    if (above.includes(group.group)) throw new EvalError('E_TASK_CONFIG', `evaluate: expected groups that do not hold themselves but found ${[...above, group.group].join(' → ')}. Take one out.`);
    const leaves = group.tasks.flatMap((name) => {
      const inner = byName.get(name);
      return inner !== undefined ? visit(inner, [...above, group.group]) : tasks.has(name) ? [name] : [];
    });
    found.set(group.group, { group, leaves: [...new Set(leaves)] });
    return leaves;
  };
  for (const group of groups) if (!found.has(group.group)) visit(group, []);
  return [...found.values()];
}

const better = ({ metrics }: Task): Record<string, boolean> => Object.fromEntries(metrics.map(({ name, higherIsBetter }) => [name, higherIsBetter]));

/** What all say; null where they differ. */
function agreed(all: readonly Readonly<Record<string, boolean>>[]): Record<string, boolean | null> {
  const found: Record<string, boolean | null> = {};
  for (const each of all) for (const [metric, value] of Object.entries(each)) found[metric] = metric in found && found[metric] !== value ? null : value;
  return found;
}

/** The number of examples of groups whose tasks have the same. */
function common(levels: readonly { group: TaskGroup; leaves: readonly string[] }[], of: (leaf: string) => number): (readonly [string, number])[] {
  return levels.flatMap(({ group, leaves }) => {
    const numbers = new Set(leaves.map(of));
    return numbers.size === 1 ? [[group.group, [...numbers][0]!] as const] : [];
  });
}
