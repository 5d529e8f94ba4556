export { runCli, type RunCliOptions } from './cli/run-cli.ts';
export { commands } from './commands/index.ts';
export type { Command } from './cli/command.ts';
export type { Io } from './cli/io.ts';
export { CliError, EXIT, UsageError } from './cli/cli-error.ts';
export { reportHtml, type ReportInput } from './report/report-html.ts';
export { openEventFile, type EventFile } from './tensorboard/event-file.ts';
export type { BoardEvent } from './tensorboard/event.ts';
