import { EvalError } from '../eval-error.ts';
import type { Aggregation } from '../metrics/aggregation.ts';
import { mean } from '../metrics/aggregation.ts';
import { aggregationNamed, DEFAULT_METRICS, METRICS } from '../metrics/registry.ts';
import type { MetricConfig, MetricFunction, TaskConfig } from './task-config.ts';

/** A metric that a task measures. */
export interface TaskMetric {
  readonly name: string;
  readonly aggregation: Aggregation;
  readonly higherIsBetter: boolean;
  /** What it is told. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Where it is the caller's own. */
  readonly measure?: MetricFunction;
}

/** The metrics of a task, in its order; EvalError E_TASK_CONFIG for one that nobody knows. */
export function taskMetrics({ task, outputType = 'generate_until', metricList, processResults }: TaskConfig): TaskMetric[] {
  const asked: readonly MetricConfig[] = metricList ?? DEFAULT_METRICS[outputType].map((metric) => ({ metric }));
  return asked.map(({ metric, aggregation, higherIsBetter, ...options }) => {
    const own = typeof metric === 'function';
    const name = own ? metric.name : metric;
    const known = METRICS.get(name);
    // Whoever scores documents by a function may call its numbers as they like.
    if (!own && known === undefined && processResults === undefined) {
      throw new EvalError('E_TASK_CONFIG', `${task}: expected a metric of ${[...METRICS.keys()].join(', ')} but found ${name}. Pass a function.`);
    }
    const given = typeof aggregation === 'string' ? aggregationNamed(aggregation, task) : aggregation as Aggregation | undefined;
    return {
      name, options, aggregation: given ?? known?.aggregation ?? mean, higherIsBetter: higherIsBetter ?? known?.higherIsBetter ?? true,
      ...(own ? { measure: metric } : {}),
    };
  });
}
