export { CliError, EXIT, UsageError } from './cli/cli-error.ts';
export { costOf, type Cost, type Prices } from './cost/step-cost.ts';
export type { Measured, StepFigures } from './lifecycle/figures.ts';
export { criteriaOf, judge, verdictText, type Asked, type Verdict } from './lifecycle/gate.ts';
export { GATES, METRICS, type NamedMetric } from './lifecycle/metrics.ts';
export type { Criterion, Flags, FlagValue, LifecycleRecipe, RandomRange, SearchRecipe, StepRecipe } from './lifecycle/recipe-shape.ts';
export { reportHtml, type ReportInput } from './report/report-html.ts';
export { eventRecord, versionRecord } from './tensorboard/event-record.ts';
export type { BoardEvent } from './tensorboard/event.ts';
