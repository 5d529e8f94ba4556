import { createInterface } from 'node:readline';
import type { Io } from './io.ts';
import { exitCodeOf, Stopped } from './stopped.ts';

/**
 * The terminal of this process. The first SIGINT or SIGTERM asks to stop, the second ends the process at once: whatever is
 * being written then is a temporary file.
 */
export function nodeIo(): Io {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      const reason = new Stopped(name);
      if (controller.signal.aborted) process.exit(exitCodeOf(reason));
      controller.abort(reason);
    });
  }
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const { env } = process;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTTY: process.stderr.isTTY === true && env.TERM !== 'dumb',
    isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true && !env.CI,
    columns: () => process.stderr.columns ?? 80,
    env,
    cwd: process.cwd(),
    lines: () => createInterface({ input: process.stdin }),
    stop: controller.signal,
  };
}
