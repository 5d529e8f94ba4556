import type { Io } from './io.ts';

/** A line of progress: redrawn in place on a terminal, elsewhere printed now and then. */
export interface RedrawnLine {
  /** Shows a text, unless the one before was shown a moment ago; the last one always. */
  show(text: () => string, isLast: boolean): void;
  /** Prints text above the line. */
  print(text: string): void;
  end(): void;
}

export interface RedrawnLineOptions {
  /** Shows nothing. */
  readonly quiet: boolean;
  /** Whether the first text waits as the others do, on a line that something else may stand on. */
  readonly waits: boolean;
  /** Milliseconds, for tests. */
  readonly now?: () => number;
}

const DRAW_EVERY_MS = 200;
const PRINT_EVERY_MS = 10_000;
const CLEAR = '\r\u001b[K';

/** Begins a line; it is cut to the width of the terminal. */
export function redrawnLine(io: Pick<Io, 'err' | 'isTTY' | 'columns'>, { quiet, waits, now = () => performance.now() }: RedrawnLineOptions): RedrawnLine {
  let last = waits ? now() : -Infinity;
  let isClear = !waits;
  let isDrawn = false;
  return {
    show(text, isLast) {
      if (quiet || (!isLast && now() - last < (io.isTTY ? DRAW_EVERY_MS : PRINT_EVERY_MS))) return;
      last = now();
      if (!io.isTTY) {
        io.err(`${text()}\n`);
        return;
      }
      io.err(`${isClear ? '' : CLEAR}${[...text()].slice(0, Math.max(20, io.columns() - 1)).join('')}`);
      [isClear, isDrawn] = [false, true];
    },
    print(text) {
      if (quiet) return;
      io.err(`${isDrawn ? CLEAR : ''}${text}\n`);
      [isClear, isDrawn] = [true, false];
    },
    end() {
      if (isDrawn) io.err('\n');
      [isClear, isDrawn] = [true, false];
    },
  };
}
