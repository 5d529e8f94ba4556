import { mkdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../cli/cli-error.ts';
import { appender } from '../run/appender.ts';

/** A file that appears under its name only once all of its lines are there. */
export interface LineFile {
  write(line: string): void;
  /** Puts it in its place. */
  finish(): Promise<void>;
  /** Removes what was written, where it is not finished. */
  discard(): Promise<void>;
}

/** Begins a file of lines. Throws CliError E_DISK where a line cannot be written. */
export function lineFile(path: string): LineFile {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.tmp-${process.pid}`;
  const file = appender(temporary);
  const check = (): void => { if (file.problem !== undefined) throw new CliError('E_DISK', `llm data: expected to write to ${path} but found ${file.problem}. Make room and run it again.`); };
  let isDone = false;
  return {
    write(line) {
      file.write(`${line}\n`);
      check();
    },
    async finish() {
      file.close();
      check();
      await rename(temporary, path);
      isDone = true;
    },
    async discard() {
      file.close();
      if (!isDone) await rm(temporary, { force: true });
    },
  };
}
