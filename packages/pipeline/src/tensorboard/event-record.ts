import { type BoardEvent, summaryEvent, versionEvent } from './event.ts';
import { tfRecord } from './record.ts';

/** The bytes that every event file begins with; `wallTime` in seconds since 1970. */
export function versionRecord(wallTime: number): Uint8Array {
  return tfRecord(versionEvent(wallTime));
}

/**
 * The bytes of one step in an event file, as TensorBoard reads them: after `versionRecord`, one after the other.
 *
 *   record = length (u64) | masked CRC-32C of it | event.proto | masked CRC-32C of that
 *
 * @example
 * ```ts
 * import { eventRecord, versionRecord } from '@llm/pipeline';
 * const now = 1_700_000_000;
 * const losses = [4.2, 3.1, 2.5].map((loss, step) => eventRecord({ wallTime: now + step, step, scalars: { loss } }));
 * // As the download "events.out.tfevents.1700000000.page" it is a file that TensorBoard opens.
 * const file = new Blob([versionRecord(now), ...losses] as BlobPart[]);
 * if (file.size !== 40 + 40 + 2 * 42) throw new Error('four records');
 * ```
 */
export function eventRecord(event: BoardEvent): Uint8Array {
  return tfRecord(summaryEvent(event));
}
