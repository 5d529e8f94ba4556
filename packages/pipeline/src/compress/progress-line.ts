import type { Io } from '../cli/io.ts';

/** Where work that goes matrix by matrix has got to: redrawn on a terminal, a JSON line each with --json, else nothing. */
export function progressLine(io: Io, json: boolean): { show: (progress: { path: string; done: number; total: number }) => void; end: () => void } {
  return {
    show: ({ path, done, total }) => {
      if (json) io.out(`${JSON.stringify({ type: 'step', done, total, path })}\n`);
      else if (io.isTTY) io.err(`\r\u001b[K${done}/${total} ${path}`);
    },
    end: () => { if (io.isTTY && !json) io.err('\r\u001b[K'); },
  };
}
