import type { FilterPipeline } from '../filters/registry.ts';
import type { Aggregation } from '../metrics/aggregation.ts';
import type { GenerationKwargs } from '../requests/request.ts';
import type { Doc } from './doc.ts';

/** What a task asks of a model. */
export type OutputType = 'loglikelihood' | 'loglikelihood_rolling' | 'generate_until' | 'multiple_choice';

/** A text, the number of a choice, or several that are right. */
export type Target = string | number | readonly (string | number)[];

/** What is made of a document: the field of that name, else a Jinja template, or a function. */
export type DocField<Result> = string | ((doc: Doc) => Result);

/** A metric that a task measures, and what it is told (`ignoreCase`). */
export interface MetricConfig {
  /** By name; or one of the caller's own, from references and predictions, that gives a number or several by name. */
  readonly metric: string | MetricFunction;
  /** By name; default that of the metric. */
  readonly aggregation?: string | Aggregation;
  readonly higherIsBetter?: boolean;
  readonly [option: string]: unknown;
}

export type MetricFunction = (given: { readonly references: readonly unknown[]; readonly predictions: readonly unknown[] }, options: Readonly<Record<string, unknown>>) => number | Readonly<Record<string, number>>;

/** How examples are chosen and written, where it is not as the question itself is. */
export interface FewshotConfig {
  /** `default` draws them at random, seeded; `first_n` takes the first. */
  readonly sampler?: 'default' | 'first_n';
  readonly split?: string;
  readonly processDocs?: (docs: readonly Doc[]) => readonly Doc[];
  /** Documents of which examples are chosen, where no split is named. */
  readonly samples?: readonly Doc[] | (() => readonly Doc[]);
  readonly fewshotIndices?: readonly number[];
  readonly docToText?: DocField<string | number> | number;
  readonly docToTarget?: DocField<Target> | number;
  readonly docToChoice?: DocField<readonly string[]> | readonly string[] | Readonly<Record<string, string>>;
  readonly targetDelimiter?: string;
  readonly fewshotDelimiter?: string;
  readonly genPrefix?: string;
}

/** A response as it is scored: a log-likelihood and whether it is greedy, a log-likelihood alone, or what filters made of texts. */
export type TaskResult = unknown;

/** A task, as lm-evaluation-harness's YAML has it: the same keys, in camel case. */
export interface TaskConfig {
  readonly task: string;
  readonly taskAlias?: string;
  readonly tag?: string | readonly string[];
  /** Where the data is from; results repeat it. */
  readonly datasetPath?: string;
  readonly datasetName?: string | null;
  readonly trainingSplit?: string | null;
  readonly validationSplit?: string | null;
  readonly testSplit?: string | null;
  readonly fewshotSplit?: string | null;
  readonly outputType?: OutputType;
  readonly processDocs?: (docs: readonly Doc[]) => readonly Doc[];
  readonly docToText?: DocField<string | number> | number;
  readonly docToTarget?: DocField<Target> | number;
  readonly docToChoice?: DocField<readonly string[]> | readonly string[] | Readonly<Record<string, string>>;
  /** Scores of a document by metric, in place of the usual ones. */
  readonly processResults?: (doc: Doc, results: readonly TaskResult[]) => Readonly<Record<string, unknown>>;
  /** Stands before everything else; may be a template. */
  readonly description?: string;
  /** Between a question and its answer; default one space. */
  readonly targetDelimiter?: string;
  /** Between examples; default an empty line. */
  readonly fewshotDelimiter?: string;
  /** What every answer begins with. */
  readonly genPrefix?: string;
  readonly fewshotConfig?: FewshotConfig;
  readonly numFewshot?: number;
  readonly metricList?: readonly MetricConfig[];
  readonly generationKwargs?: GenerationKwargs;
  /** How often each request is answered; default 1. */
  readonly repeats?: number;
  readonly filterList?: readonly FilterPipeline[];
  readonly shouldDecontaminate?: boolean;
  readonly docToDecontaminationQuery?: string;
  /** The task runs what a model writes. */
  readonly unsafeCode?: boolean;
  readonly metadata?: Readonly<Record<string, unknown>>;
}
