/** The numbers of a task or a group: `acc,none` and its like, and whose they are. */
export interface TaskResults {
  readonly name: string;
  readonly alias: string;
  /** Documents that were scored. */
  readonly sample_len?: number;
  /** Of groups: documents for each of its metrics. */
  readonly sample_count?: Readonly<Record<string, number>>;
  /** `metric,filter` and `metric_stderr,filter`, the latter N/A where it is not known. */
  readonly [metric: string]: number | string | Readonly<Record<string, number>> | undefined;
}

/** What one document was asked, answered and scored. */
export interface SampleResult {
  readonly doc_id: number;
  readonly doc: Readonly<Record<string, unknown>>;
  readonly target: unknown;
  /** What each request asked: context and continuation, a text, or context and kwargs. */
  readonly arguments: readonly (readonly unknown[])[];
  /** What each request was answered, as often as it was repeated. */
  readonly resps: readonly (readonly unknown[])[];
  readonly filtered_resps: readonly unknown[];
  readonly filter: string;
  readonly metrics: readonly string[];
  readonly doc_hash: string;
  readonly prompt_hash: string;
  readonly target_hash: string;
  /** Scores by metric. */
  readonly [metric: string]: unknown;
}

/** Results as lm-evaluation-harness writes them, with its own names. */
export interface EvalResults {
  readonly results: Readonly<Record<string, TaskResults>>;
  /** Only where a group averages something. */
  readonly groups?: Readonly<Record<string, TaskResults>>;
  readonly group_subtasks: Readonly<Record<string, readonly string[]>>;
  readonly configs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly versions: Readonly<Record<string, unknown>>;
  readonly 'n-shot': Readonly<Record<string, number>>;
  readonly higher_is_better: Readonly<Record<string, Readonly<Record<string, boolean | null>>>>;
  readonly 'n-samples': Readonly<Record<string, { readonly original: number; readonly effective: number }>>;
  readonly samples?: Readonly<Record<string, readonly SampleResult[]>>;
  readonly config: Readonly<Record<string, unknown>>;
  /** Seconds since 1970 at the start. */
  readonly date: number;
  readonly total_evaluation_time_seconds: string;
  readonly model_name: string;
  readonly [field: string]: unknown;
}
