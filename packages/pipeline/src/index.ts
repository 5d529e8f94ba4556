export { CliError, EXIT, UsageError } from './cli/cli-error.ts';
export { reportHtml, type ReportInput } from './report/report-html.ts';
export { eventRecord, versionRecord } from './tensorboard/event-record.ts';
export type { BoardEvent } from './tensorboard/event.ts';
