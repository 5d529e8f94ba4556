/**
 * Milliseconds of processor time that this process has taken for itself: what to measure a bound on work with, as other work on the
 * machine does not count.
 *
 * @example
 * ```ts
 * import { processorMilliseconds } from '@llm/testing/node';
 * const from = processorMilliseconds();
 * if (!(processorMilliseconds() - from < 1000)) throw new Error('nothing took a second');
 * ```
 */
export const processorMilliseconds = (): number => process.cpuUsage().user / 1000;
