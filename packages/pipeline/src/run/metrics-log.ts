import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Appender, appender } from './appender.ts';

/** One line of metrics.jsonl. */
export interface MetricsLine {
  /** Counts from 0. */
  readonly step: number;
  /** Seconds since 1970, never less than that of the line before. */
  readonly time: number;
  readonly loss: number | null;
  readonly lr: number;
  readonly grad_norm: number | null;
  /** Counted targets so far. */
  readonly tokens: number;
  readonly seconds: number;
  readonly tokens_per_second: number;
  readonly skipped?: string;
  readonly val_loss?: number;
  readonly val_bits_per_byte?: number;
  /** What a stage measures beside the loss, by name. */
  readonly figures?: Readonly<Record<string, number | null>>;
  readonly samples?: readonly { readonly prompt: string; readonly text: string }[];
}

export interface MetricsLog extends Pick<Appender, 'problem' | 'close'> {
  /** What the file held of the steps before the one to go on with. */
  readonly kept: readonly MetricsLine[];
  write(line: MetricsLine): void;
}

/** The whole lines of a metrics file; a last line that was cut is left out. */
export function readMetrics(path: string): MetricsLine[] {
  if (!existsSync(path)) return [];
  const lines: MetricsLine[] = [];
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    try {
      const line = JSON.parse(text) as MetricsLine;
      if (Number.isSafeInteger(line.step)) lines.push(line);
    } catch {
      // a line that a crash cut short
    }
  }
  return lines;
}

/**
 * Opens metrics.jsonl for the step `from`: lines of that step and later ones were written by a process that died before its
 * next checkpoint, and their steps will be done again, so they go.
 */
export function openMetrics(path: string, { from }: { from: number }): MetricsLog {
  const kept = readMetrics(path).filter(({ step }, i, all) => step < from && (i === 0 || step > all[i - 1]!.step));
  const text = new TextEncoder().encode(kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
  const file = appender(path, { from: text.length });
  return {
    kept,
    get problem() { return file.problem; },
    write: (line) => file.write(`${JSON.stringify(line)}\n`),
    close: () => file.close(),
  };
}

/** A number that JSON can hold. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
