import { EXIT } from './cli-error.ts';

/** The reason of a stop that the user or the system asked for. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly signal: 'SIGINT' | 'SIGTERM';

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

/** 130 or 143 for a stop, undefined for anything else. */
export function exitCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Stopped)) return undefined;
  return error.signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
}
