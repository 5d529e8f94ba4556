export { runCli, type RunCliOptions } from '../cli/run-cli.ts';
export { commands } from '../commands/index.ts';
export type { Command } from '../cli/command.ts';
export type { Io } from '../cli/io.ts';
export type { ModuleContext } from '../lifecycle/run-step.ts';
export { openEventFile, type EventFile } from '../tensorboard/event-file.ts';
