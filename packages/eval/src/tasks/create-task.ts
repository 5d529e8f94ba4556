import { EvalError } from '../eval-error.ts';
import { type Filter } from '../filters/filter.ts';
import { filterPipeline } from '../filters/registry.ts';
import { isSpace, textOf } from '../python/text.ts';
import type { GenerationKwargs, GenerationRequest, LoglikelihoodRequest } from '../requests/request.ts';
import type { Doc } from './doc.ts';
import { fieldReader, taskFields } from './fields.ts';
import { firstSampler, type FewshotSampler, randomSampler } from './few-shot.ts';
import { delimited, promptText, type PromptPart, type Rendering, turn } from './messages.ts';
import { scoreDocument, type Scores } from './score-document.ts';
import type { Target, TaskConfig, TaskResult } from './task-config.ts';
import { taskMetrics, type TaskMetric } from './task-metrics.ts';

/** What a task asks about one document. */
export type TaskRequest =
  | { readonly type: 'loglikelihood'; readonly request: LoglikelihoodRequest }
  | { readonly type: 'loglikelihood_rolling'; readonly request: string }
  | { readonly type: 'generate_until'; readonly request: GenerationRequest };

export interface PromptOptions extends Rendering {
  readonly systemInstruction?: string | undefined;
}

/** A task with its data. */
export interface Task {
  readonly name: string;
  readonly config: TaskConfig;
  /** The documents that are asked about. */
  readonly docs: readonly Doc[];
  readonly numFewshot: number;
  readonly metrics: readonly TaskMetric[];
  readonly filters: readonly { readonly name: string; readonly filter: Filter }[];
  /** What is asked about each of the documents; examples are drawn for one after the other, anew in each call. */
  requests(docs: readonly Doc[], options?: PromptOptions): TaskRequest[][];
  /** The scores of a document by metric, from what filters made of the answers. */
  score(doc: Doc, results: readonly TaskResult[]): Scores;
  target(doc: Doc): Target;
}

/** How prompts are written, and the examples of one call. */
interface Asking extends PromptOptions { readonly sampler: FewshotSampler }

export interface TaskData {
  /** Documents by the name of their split. */
  readonly splits: Readonly<Record<string, readonly Doc[]>>;
  /** Examples before each question; default as the task says, else none. A task that says 0 keeps 0. */
  readonly numFewshot?: number | undefined;
  /** Of the examples that are drawn; default 1234, as in lm-evaluation-harness. */
  readonly fewshotSeed?: number | undefined;
}

/**
 * A task over documents: what is asked about each, and how answers are scored, as lm-evaluation-harness does it for the same
 * configuration.
 *
 * @throws EvalError E_TASK_CONFIG for what cannot be; E_TASK_DATA for a split that is missing or empty, and, from its functions, for a
 *   document that lacks what the task reads.
 *
 * @example
 * ```ts
 * import { createTask } from '@llm/eval';
 * const task = createTask({
 *   task: 'colours', outputType: 'multiple_choice', testSplit: 'test', docToText: 'Q: {{question}}\nA:', docToChoice: ['red', 'blue'], docToTarget: 'answer',
 * }, { splits: { test: [{ question: 'sky?', answer: 1 }] } });
 * const [[red, blue]] = task.requests(task.docs) as [[unknown, unknown]];
 * if (JSON.stringify(blue) !== '{"type":"loglikelihood","request":{"context":"Q: sky?\\nA:","continuation":" blue"}}') throw new Error('two choices');
 * const scores = task.score(task.docs[0]!, [{ logprob: -3, greedy: false }, { logprob: -1, greedy: true }]);
 * if (scores.acc !== 1) throw new Error('blue is right');
 * ```
 */
export function createTask(config: TaskConfig, { splits, numFewshot: asked, fewshotSeed = 1234 }: TaskData): Task {
  const { task: name, outputType = 'generate_until', targetDelimiter = ' ', fewshotDelimiter = '\n\n', fewshotConfig = {} } = config;
  const split = (called: string): readonly Doc[] => {
    const docs = Object.hasOwn(splits, called) ? splits[called] : undefined;
    if (docs === undefined || docs.length === 0) throw new EvalError('E_TASK_DATA', `${name}: expected documents of the split ${called} but found ${docs === undefined ? `only ${Object.keys(splits).join(', ') || 'none'}` : 'none in it'}. Give the data of ${config.datasetPath ?? 'the task'}.`);
    return filled(docs);
  };
  const processed = (called: string): readonly Doc[] => config.processDocs?.(split(called)) ?? split(called);
  const evalSplit = config.testSplit ?? config.validationSplit;
  if (!evalSplit) throw new EvalError('E_TASK_CONFIG', `${name}: expected test_split or validation_split but found neither. Name the split that is asked about.`);
  const docs = processed(evalSplit);

  const features = new Set(docs.flatMap((doc) => Object.keys(doc)));
  const read = fieldReader(features);
  const isField = (source: string): boolean => features.has(source);
  const fields = taskFields(name, config, read, isField);
  const exampleFields = taskFields(name, { ...picked(config), ...fewshotConfig }, read, isField);
  const [first] = docs;
  const multipleInput = config.docToChoice !== undefined && config.docToText !== undefined && typeof fields.text(first!) === 'number';
  const multipleTarget = config.docToTarget !== undefined && Array.isArray(fields.target(first!));
  const metrics = taskMetrics(config);
  const numFewshot = asked === undefined ? config.numFewshot ?? 0 : config.numFewshot === 0 ? 0 : asked;
  const generation = generationKwargs(config);

  const exampleSplit = fewshotConfig.split ?? config.fewshotSplit ?? undefined;
  function makeSampler(): FewshotSampler {
    if (numFewshot === 0) return () => [];
    const { sampler: kind = 'default', samples, fewshotIndices, processDocs = config.processDocs } = fewshotConfig;
    const usual = config.trainingSplit ?? config.validationSplit ?? config.testSplit;
    const pool = exampleSplit !== undefined ? processDocs?.(split(exampleSplit)) ?? split(exampleSplit)
      : samples !== undefined ? (typeof samples === 'function' ? samples() : samples) : processed(usual!);
    const chosen = fewshotIndices?.map((i) => pool[i]!) ?? pool;
    if (kind === 'first_n') return firstSampler(chosen, { task: name });
    if (kind === 'default') return randomSampler(chosen, { seed: fewshotSeed, task: name });
    throw new EvalError('E_TASK_CONFIG', `${name}: expected the sampler default or first_n but found ${String(kind)}. Use one of them.`);
  }

  /** The prompt of a document: one text, or one for each choice. */
  function contexts(doc: Doc, { systemInstruction, applyChatTemplate, fewshotAsMultiturn, sampler }: Asking): string[] {
    const genPrefix = config.genPrefix === undefined ? undefined : fields.resolved(doc, config.genPrefix);
    const description = config.description ? fields.resolved(doc, config.description) : '';
    const system = delimited(systemInstruction, description, fewshotDelimiter);
    const before: PromptPart[] = system === '' ? [] : [{ role: 'system', content: system, after: '' }];
    const without = (exampleSplit ?? null) === (config.testSplit ?? null) ? doc : undefined;
    for (const example of sampler(numFewshot, without)) before.push(...exampleTurn(example));
    const text = (last: readonly PromptPart[]): string => promptText([...before, ...last], { applyChatTemplate, fewshotAsMultiturn: fewshotAsMultiturn ?? false, genPrefix });
    if (multipleInput) return fields.choices(doc).map((question) => text(turn({ question, genPrefix, targetDelimiter: '', after: '' })));
    const question = config.docToText === undefined ? '' : fields.text(doc);
    return [text(turn({ question: textOf(question), genPrefix, targetDelimiter, after: '' }))];
  }

  function exampleTurn(doc: Doc): PromptPart[] {
    const { targetDelimiter: between = targetDelimiter, fewshotDelimiter: after = fewshotDelimiter, genPrefix = config.genPrefix } = fewshotConfig;
    const choices = (fewshotConfig.docToChoice ?? config.docToChoice) === undefined ? undefined : exampleFields.choices(doc);
    const given = exampleFields.text(doc);
    const target = exampleFields.target(doc);
    const question = multipleInput && typeof given === 'number' ? choices?.[given] ?? '' : textOf(given);
    const answer = typeof target === 'number' && choices !== undefined && !multipleInput ? choices[target] : Array.isArray(target) ? target[0] : target;
    return turn({
      question, answer: answer === undefined || answer === '' ? undefined : textOf(answer), targetDelimiter: between, after,
      genPrefix: genPrefix === undefined ? undefined : exampleFields.resolved(doc, genPrefix),
    });
  }

  function requestsOf(doc: Doc, options: Asking): TaskRequest[] {
    const scored = (context: string, continuation: string): TaskRequest => ({ type: 'loglikelihood', request: { context, continuation } });
    switch (outputType) {
      case 'loglikelihood': return [scored(contexts(doc, options)[0]!, textOf(fields.target(doc)))];
      case 'loglikelihood_rolling': return [{ type: 'loglikelihood_rolling', request: textOf(fields.target(doc)) }];
      case 'generate_until': return [{ type: 'generate_until', request: { context: contexts(doc, options)[0]!, kwargs: generation } }];
      default: {
        const { genPrefix } = config;
        // In a conversation an answer begins a message of its own, unless something stands before it.
        const delimiter = options.applyChatTemplate === undefined || (genPrefix && !isSpace(genPrefix.at(-1)!)) ? targetDelimiter : '';
        const before = contexts(doc, options);
        const choices = fields.choices(doc);
        const conditional = multipleInput ? before.map((context) => scored(context, delimiter + textOf(fields.target(doc)))) : choices.map((choice) => scored(before[0]!, delimiter + choice));
        const alone = metrics.some((metric) => metric.name === 'acc_mutual_info') ? choices.map((choice) => scored('', delimiter + choice)) : [];
        return [...conditional, ...alone];
      }
    }
  }

  return {
    name, config, docs, numFewshot, metrics,
    requests(asked, options = {}) {
      const sampler = makeSampler();
      return asked.map((doc) => requestsOf(doc, { ...options, sampler }));
    },
    filters: (config.filterList ?? [{ name: 'none', filter: [{ function: 'take_first' }] }]).map((pipeline) => ({ name: pipeline.name, filter: filterPipeline(pipeline) })),
    score: (doc, results) => scoreDocument({ config, fields, metrics, multipleInput, multipleTarget }, doc, results),
    target: (doc) => fields.target(doc),
  };
}

const picked = ({ docToText, docToTarget, docToChoice }: TaskConfig): Pick<TaskConfig, 'docToText' | 'docToTarget' | 'docToChoice'> => ({
  ...(docToText === undefined ? {} : { docToText }), ...(docToTarget === undefined ? {} : { docToTarget }), ...(docToChoice === undefined ? {} : { docToChoice }),
});

/** Documents of which each has all fields: as a table has them, null where one says nothing. */
function filled(docs: readonly Doc[]): readonly Doc[] {
  const names = [...new Set(docs.flatMap((doc) => Object.keys(doc)))];
  if (docs.every((doc) => names.every((name) => name in doc))) return docs;
  return docs.map((doc) => Object.fromEntries(names.map((name) => [name, doc[name] ?? null])));
}

/** How a task generates: greedily, 256 tokens, up to an empty line, where it does not say. */
export function generationKwargs({ generationKwargs: given, fewshotDelimiter = '\n\n' }: TaskConfig): GenerationKwargs {
  if (given === undefined) return { until: [fewshotDelimiter], maxGenToks: 256, doSample: false, temperature: 0 };
  return { until: [fewshotDelimiter], ...given };
}
