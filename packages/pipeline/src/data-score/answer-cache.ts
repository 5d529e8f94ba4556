import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CliError } from '../cli/cli-error.ts';
import { appender } from '../run/appender.ts';

/** What costs to find out, by what was asked: in memory, and in a file of lines where one was named. */
export interface AnswerCache {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
  close(): void;
}

const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 32);

/**
 * Opens a cache; without a path it lasts as long as the process. Each answer is on the disk before the next is asked for, so that a
 * process that is killed loses none; half a line at the end, which such an end can leave, is written over.
 *
 * @throws CliError E_DISK where an answer cannot be written.
 */
export function answerCache(path?: string): AnswerCache {
  const known = new Map<string, string>();
  if (path === undefined) return { get: (key) => known.get(hashOf(key)), set: (key, value) => { known.set(hashOf(key), value); }, close: () => {} };
  mkdirSync(dirname(path), { recursive: true });
  const bytes = existsSync(path) ? readFileSync(path) : undefined;
  const from = bytes === undefined ? undefined : bytes.lastIndexOf(0x0a) + 1;
  for (const line of bytes?.subarray(0, from).toString('utf8').split('\n') ?? []) {
    try {
      const { k, v } = JSON.parse(line) as { k?: unknown; v?: unknown };
      if (typeof k === 'string' && typeof v === 'string') known.set(k, v);
    } catch {
      // What is left of a line that was cut once: its answer is asked for again.
    }
  }
  const file = appender(path, from === undefined ? {} : { from });
  return {
    get: (key) => known.get(hashOf(key)),
    set(key, value) {
      const k = hashOf(key);
      known.set(k, value);
      file.write(`${JSON.stringify({ k, v: value })}\n`);
      if (file.problem !== undefined) throw new CliError('E_DISK', `llm data score: expected to write answers to ${path} but found ${file.problem}. Make room, then run the same command again: what was asked before is kept.`);
    },
    close: () => { file.close(); },
  };
}
