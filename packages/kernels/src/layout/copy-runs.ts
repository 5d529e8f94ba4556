import type { Launch } from '../kernel.ts';

/** Words of a run that is worth a dispatch of its own. */
const VERY_LONG = 65_536;

interface Runs {
  readonly x: number;
  readonly y: number;
  /** Words of a run. */
  readonly length: number;
  /** How many runs there are along three axes, and the words between them in x. */
  readonly sizes: readonly [number, number, number];
  readonly strides: readonly [number, number, number];
  /** Words from one run in y to the next. */
  readonly step: number;
}

/** Copies `size` words. */
export function launchCopy({ run }: Pick<Launch, 'run'>, { x, y, size }: { x: number; y: number; size: number }): void {
  run('copyFlat', size, Math.max(32_768, Math.ceil(size / 1000 / 16) * 16), x, y);
}

/** Copies runs of words, which the threads share by runs, or inside each run where there are few and long ones. */
export function launchCopyRuns({ run }: Pick<Launch, 'run'>, { x, y, length, sizes, strides, step }: Runs): void {
  const [size0, size1, size2] = sizes;
  const count = size0 * size1 * size2;
  if (count === 0 || length === 0) return;
  if (count <= 8 && length >= VERY_LONG) {
    for (let i = 0; i < count; i++) {
      const k = i % size2;
      const j = Math.floor(i / size2) % size1;
      const offset = Math.floor(i / size2 / size1) * strides[0] + j * strides[1] + k * strides[2];
      launchCopy({ run }, { x: x + offset * 4, y: y + i * step * 4, size: length });
    }
    return;
  }
  const grain = Math.max(Math.ceil(count / 1000), Math.min(Math.ceil(count / 4), Math.ceil(32_768 / length)));
  run('copyRuns', count, grain, x, y, length, size1, size2, strides[0], strides[1], strides[2], step);
}
