import { count, duration, short } from '../cli/format.ts';
import type { Io } from '../cli/io.ts';

export interface ScoreProgress {
  /** So many more are done, and so many tokens were computed for them; what came from a cache counts apart from the speed. */
  add(done: number, options?: { readonly tokens?: number; readonly cached?: number }): void;
  end(): void;
}

const DRAW_EVERY_MS = 200;

/** `losses · 120/400 examples · 12.3 k tok/s · 1m10s left`: redrawn on a terminal, elsewhere a line every ten seconds and at the end; nothing when `quiet`. */
export function scoreProgress(io: Pick<Io, 'err' | 'isTTY' | 'columns'>, { name, unit, total, quiet, now = () => performance.now() }: { name: string; unit: string; total: number; quiet: boolean; now?: () => number }): ScoreProgress {
  const begun = now();
  let [done, cached, tokens, last, drawn] = [0, 0, 0, begun, false];
  return {
    add(more, { tokens: computed = 0, cached: known = 0 } = {}) {
      done += more;
      cached += known;
      tokens += computed;
      if (quiet || (done < total && now() - last < (io.isTTY ? DRAW_EVERY_MS : 10_000))) return;
      last = now();
      const seconds = (last - begun) / 1000;
      const fresh = done - cached;
      const line = [
        name, `${count(done)}/${count(total)} ${unit}`,
        ...(cached === 0 ? [] : [`${count(cached)} known before`]),
        ...(tokens > 0 && seconds > 0 ? [`${short(tokens / seconds)} tok/s`] : []),
        ...(done < total && fresh > 0 ? [`${duration(seconds / fresh * (total - done))} left`] : []),
      ].join(' · ');
      if (io.isTTY) io.err(`\r\u001b[K${[...line].slice(0, Math.max(20, io.columns() - 1)).join('')}`);
      else io.err(`${line}\n`);
      drawn = io.isTTY;
    },
    end() {
      if (drawn) io.err('\n');
      drawn = false;
    },
  };
}
