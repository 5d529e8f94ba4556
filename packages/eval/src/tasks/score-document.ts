import { EvalError } from '../eval-error.ts';
import { exactMatch, type ExactMatchOptions } from '../metrics/exact-match.ts';
import { bytesOf, lengthOf, textOf, wordsOf } from '../python/text.ts';
import type { Loglikelihood } from '../requests/request.ts';
import type { Doc } from './doc.ts';
import type { TaskFields } from './fields.ts';
import type { Target, TaskConfig, TaskResult } from './task-config.ts';
import type { TaskMetric } from './task-metrics.ts';

/** What scoring a document needs of its task. */
export interface ScoredTask {
  readonly config: TaskConfig;
  readonly fields: TaskFields;
  readonly metrics: readonly TaskMetric[];
  /** The choices are questions, and doc_to_text says which is right. */
  readonly multipleInput: boolean;
  /** Several answers are right. */
  readonly multipleTarget: boolean;
}

export type Scores = Readonly<Record<string, unknown>>;

// No choice: the right one is none of those that are offered.
const NONE = -100;

/** The scores of one document by metric, as lm-evaluation-harness gives them; what aggregations take. */
export function scoreDocument(task: ScoredTask, doc: Doc, results: readonly TaskResult[]): Scores {
  const { config } = task;
  if (config.processResults !== undefined) return config.processResults(doc, results);
  switch (config.outputType ?? 'generate_until') {
    case 'loglikelihood': {
      const { logprob, greedy } = results[0] as Loglikelihood;
      return measured(task, { perplexity: logprob, acc: Number(greedy) });
    }
    case 'loglikelihood_rolling': {
      const text = textOf(task.fields.target(doc));
      const [words, bytes] = [[results[0], wordsOf(text)], [results[0], bytesOf(text)]];
      return measured(task, { word_perplexity: words, byte_perplexity: bytes, bits_per_byte: bytes });
    }
    case 'multiple_choice': return scoreChoices(task, doc, results as readonly Loglikelihood[]);
    default: return scoreText(task, doc, results[0]);
  }
}

/** Those of the scores that the task asks for, in its order. */
function measured({ metrics }: ScoredTask, scores: Scores): Scores {
  return Object.fromEntries(metrics.flatMap(({ name }) => (name in scores ? [[name, scores[name]]] : [])));
}

const best = (values: readonly number[]): number => values.reduce((at, value, i) => (value > values[at]! ? i : at), 0);

function scoreChoices(task: ScoredTask, doc: Doc, results: readonly Loglikelihood[]): Scores {
  const { fields, multipleInput, multipleTarget } = task;
  const choices = fields.choices(doc);
  const all = results.map(({ logprob }) => logprob);
  const logprobs = all.slice(0, choices.length);
  const given = multipleInput ? fields.text(doc) : fields.target(doc);
  const inRange = (gold: string | number): number => (typeof gold === 'string' ? (choices.includes(gold) ? choices.indexOf(gold) : NONE) : gold < choices.length ? gold : NONE);
  const golds = Array.isArray(given) ? given.map(inRange) : [inRange(given as string | number)];
  const [gold = NONE] = golds;
  // Several right answers count only where the task has them.
  const right = (choice: number): number => Number(multipleTarget || !Array.isArray(given) ? golds.includes(choice) : false);
  const predicted = best(logprobs);
  const greedy = (choice: number): number => Number(choice !== NONE && (results.at(choice)?.greedy ?? false));
  const most = Math.max(...logprobs);
  const exps = logprobs.map((logprob) => Math.exp(logprob - most));
  const sum = exps.reduce((total, value) => total + value, 0);
  // Log-likelihoods without a context follow those with one, where mutual information is asked for.
  const alone = all.length === 2 * choices.length ? all.slice(choices.length) : undefined;
  return measured(task, {
    acc: right(predicted),
    acc_norm: right(best(logprobs.map((logprob, i) => logprob / lengthOf(choices[i]!)))),
    acc_bytes: right(best(logprobs.map((logprob, i) => logprob / bytesOf(choices[i]!)))),
    exact_match: multipleTarget ? Math.max(...golds.map(greedy)) : greedy(gold),
    f1: [gold, predicted], mcc: [gold, predicted],
    brier_score: [gold, exps.map((value) => value / sum)],
    likelihood: [gold, logprobs],
    bypass: null,
    ...(alone === undefined ? {} : { acc_mutual_info: right(best(logprobs.map((logprob, i) => logprob - alone[i]!))) }),
  });
}

/** Metrics that compare whole corpora: a document gives its reference and its prediction. */
const OF_CORPORA = new Set(['bleu', 'chrf', 'chrf++', 'ter']);

function scoreText(task: ScoredTask, doc: Doc, result: TaskResult): Scores {
  const { config, fields, metrics, multipleTarget } = task;
  const target = fields.target(doc);
  const golds = goldsOf(task, doc, { target, result });
  const scores: Record<string, unknown> = {};
  for (const { name, options, measure } of metrics) {
    if (measure !== undefined) {
      const found = measure({ references: [multipleTarget ? golds : golds[0]], predictions: [result] }, options);
      Object.assign(scores, typeof found === 'number' ? { [name]: found } : found);
    } else if (name === 'exact_match') {
      const texts = golds.map(textOf);
      const part = exactMatch(texts.map(() => textOf(result)), texts, options as ExactMatchOptions);
      scores[name] = multipleTarget ? Number(part > 0) : part;
    } else if (OF_CORPORA.has(name)) {
      scores[name] = [golds.length === 1 ? golds[0] : golds, result];
    } else if (name === 'bypass') {
      scores[name] = null;
    } else {
      throw new EvalError('E_TASK_CONFIG', `${config.task}: expected metrics of generated texts, exact_match, bleu, chrf, chrf++, ter, bypass or functions, but found ${name}. Use another output_type, or a function.`);
    }
  }
  return scores;
}

/** The right answers to a generated text, as values of its kind. */
function goldsOf({ config, fields, multipleTarget }: ScoredTask, doc: Doc, { target, result }: { target: Target; result: TaskResult }): unknown[] {
  if (config.docToChoice !== undefined) {
    const choices = fields.choices(doc);
    const gold = typeof target === 'number' ? choices[target] : undefined;
    if (gold === undefined) throw new EvalError('E_TASK_DATA', `${config.task}: expected doc_to_target to be the number of one of ${choices.length} choices but found ${JSON.stringify(target)}. Leave doc_to_choice out where answers are texts.`);
    return [gold];
  }
  if (multipleTarget) return Array.isArray(target) ? [...target] : [target];
  return [typeof result === 'string' && typeof target !== 'string' ? textOf(target) : target];
}
