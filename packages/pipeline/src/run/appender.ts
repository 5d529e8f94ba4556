import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/** Appends whole pieces to a file; what a full disk refuses is kept and tried again with the next piece. */
export interface Appender {
  write(piece: Uint8Array | string): void;
  /** Why the last piece is not on the disk yet, or undefined. */
  readonly problem: string | undefined;
  close(): void;
}

export interface AppenderFs {
  write(file: number, bytes: Uint8Array, position: number): number;
}

const nodeWrite: AppenderFs = { write: (file, bytes, position) => writeSync(file, bytes, 0, bytes.length, position) };

/** Goes on with `path` at byte `from`; default: starts it anew. */
export function appender(path: string, { from, fs = nodeWrite }: { from?: number; fs?: AppenderFs } = {}): Appender {
  const file = openSync(path, from === undefined ? 'w' : 'r+');
  let pending: Uint8Array[] = [];
  let at = from ?? 0;
  let problem: string | undefined;
  let open = true;
  const flush = (): void => {
    try {
      while (pending[0] !== undefined) {
        const piece = pending[0];
        for (let done = 0; done < piece.length;) {
          const count = fs.write(file, piece.subarray(done), at + done);
          if (count === 0) throw new Error('nothing was written');
          done += count;
        }
        at += piece.length;
        pending = pending.slice(1);
      }
      problem = undefined;
    } catch (error) {
      problem = (error as NodeJS.ErrnoException).code ?? String(error);
    }
  };
  return {
    write(piece) {
      pending.push(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece);
      flush();
    },
    get problem() { return problem; },
    close() {
      if (!open) return;
      open = false;
      flush();
      try {
        // Half a piece at the end would make the file unreadable.
        ftruncateSync(file, at);
        fsyncSync(file);
      } catch (error) {
        problem ??= (error as NodeJS.ErrnoException).code ?? String(error);
      } finally {
        closeSync(file);
      }
    },
  };
}
