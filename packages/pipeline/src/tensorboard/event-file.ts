import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Appender, appender } from '../run/appender.ts';
import type { BoardEvent } from './event.ts';
import { eventRecord, versionRecord } from './event-record.ts';

/** A file of events that TensorBoard shows while it grows. */
export interface EventFile extends Pick<Appender, 'problem' | 'close'> {
  write(event: BoardEvent): void;
}

const NAME = /^events\.out\.tfevents\./;

/**
 * A new event file in `folder`, beginning with `events`. Those that are there are removed: a resumed run writes again what
 * it kept, so that no step shows twice.
 */
export function openEventFile(folder: string, { events = [], now = Date.now() }: { events?: Iterable<BoardEvent>; now?: number } = {}): EventFile {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (NAME.test(name)) rmSync(join(folder, name));
  const host = hostname().replace(/[^\w.-]/g, '_') || 'localhost';
  const file = appender(join(folder, `events.out.tfevents.${Math.floor(now / 1000)}.${host}.${process.pid}.0`));
  file.write(versionRecord(now / 1000));
  const write = (event: BoardEvent): void => file.write(eventRecord(event));
  for (const event of events) write(event);
  return { write, get problem() { return file.problem; }, close: () => file.close() };
}
