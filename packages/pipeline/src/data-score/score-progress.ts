import { count, duration, short } from '../cli/format.ts';
import type { Io } from '../cli/io.ts';
import { redrawnLine } from '../cli/redrawn-line.ts';

export interface ScoreProgress {
  /** So many more are done, and so many tokens were computed for them; what came from a cache counts apart from the speed. */
  add(done: number, options?: { readonly tokens?: number; readonly cached?: number }): void;
  end(): void;
}

/** `losses · 120/400 examples · 12.3 k tok/s · 1m10s left`: redrawn on a terminal, elsewhere a line every ten seconds and at the end; nothing when `quiet`. */
export function scoreProgress(io: Pick<Io, 'err' | 'isTTY' | 'columns'>, { name, unit, total, quiet }: { name: string; unit: string; total: number; quiet: boolean }): ScoreProgress {
  const begun = performance.now();
  const line = redrawnLine(io, { quiet, waits: true });
  let [done, cached, tokens] = [0, 0, 0];
  const text = (): string => {
    const seconds = (performance.now() - begun) / 1000;
    const fresh = done - cached;
    return [
      name, `${count(done)}/${count(total)} ${unit}`,
      ...(cached === 0 ? [] : [`${count(cached)} known before`]),
      ...(tokens > 0 && seconds > 0 ? [`${short(tokens / seconds)} tok/s`] : []),
      ...(done < total && fresh > 0 ? [`${duration(seconds / fresh * (total - done))} left`] : []),
    ].join(' · ');
  };
  return {
    add(more, { tokens: computed = 0, cached: known = 0 } = {}) {
      done += more;
      cached += known;
      tokens += computed;
      line.show(text, done >= total);
    },
    end: line.end,
  };
}
