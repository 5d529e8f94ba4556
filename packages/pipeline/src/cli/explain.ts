import { printable } from './io.ts';

/** What a person needs to know of an error: its code and its message; the stack only for debugging. */
export function explain(error: unknown, { debug = false }: { debug?: boolean } = {}): string {
  if (debug && error instanceof Error) return printable(error.stack ?? error.message) + (error.cause === undefined ? '' : `\ncaused by ${explain(error.cause, { debug })}`);
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const label = typeof code === 'string' ? `${code}: ` : error instanceof RangeError || error instanceof TypeError ? 'E_INPUT: ' : '';
  return printable(`error: ${label}${typeof message === 'string' && message !== '' ? message : String(error)}`);
}
