/** Which metric of its tasks a group averages. */
export interface AggregateMetric {
  readonly metric: string;
  /** By how many documents each task has; default true. Otherwise each task counts the same. */
  readonly weightBySize?: boolean;
  /** Of which filters; default all that its tasks have. */
  readonly filterList?: string | readonly string[];
}

/** Tasks under one name, which may hold further groups. */
export interface TaskGroup {
  readonly group: string;
  readonly groupAlias?: string;
  /** The names of tasks and of groups. */
  readonly tasks: readonly string[];
  readonly aggregateMetricList?: readonly AggregateMetric[];
  readonly metadata?: Readonly<Record<string, unknown>>;
}
