import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c, maskedCrc32c } from './crc32c.ts';
import { decodeEvent } from './event.ts';
import { openEventFile } from './event-file.ts';
import { eventRecord, versionRecord } from './event-record.ts';
import { readTfRecords, tfRecord } from './record.ts';

test('CRC-32C has the check value of its definition and those of RFC 3720', () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  // 0xe3069283 rotated right by 15 is 0x2507c60d; plus 0xa282ead8.
  expect(maskedCrc32c(new TextEncoder().encode('123456789'))).toBe((0x2507c60d + 0xa282ead8) >>> 0);
});

test('records come back, and a flipped bit anywhere is found', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat({ max: 7 }), (parts, at, bit) => {
    const file = Uint8Array.from(parts.flatMap((part) => [...tfRecord(part)]));
    expect(readTfRecords(file)).toEqual(parts);
    const flipped = file.slice();
    flipped[at % file.length]! ^= 1 << bit;
    expect(() => readTfRecords(flipped)).toThrow(RangeError);
  }), { numRuns: 200 });
});

test('a record holds the bytes of event.proto', () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  // wall_time 1 (field 1, double), step 2 (field 2, varint), summary (5) of a value (1) with tag (1) and simple_value (2, float).
  const proto = ['09000000000000f03f', '1002', '2a0d', '0a0b', '0a046c6f7373', '150000003f'].join('');
  const record = eventRecord({ wallTime: 1, step: 2, scalars: { loss: 0.5 } });
  expect(hex(record.subarray(0, 8))).toBe('1a00000000000000');
  expect(hex(record.subarray(12, -4))).toBe(proto);
  expect(readTfRecords(record).map(hex)).toEqual([proto]);
  // file_version is field 3, a string.
  expect(readTfRecords(versionRecord(1)).map(hex)).toEqual([`09000000000000f03f1a0d${hex(new TextEncoder().encode('brain.Event:2'))}`]);
});

test('an event file begins with its version, holds scalars and texts, and replaces the one before', () => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-board-'));
  try {
    writeFileSync(join(folder, 'other.txt'), 'stays');
    openEventFile(folder, { now: 1_000_000 }).close();
    const file = openEventFile(folder, { events: [{ wallTime: 1, step: 0, scalars: { 'train/loss': 2.5 } }], now: 2_000_000 });
    file.write({ wallTime: 2, step: 3_000_000_000, scalars: { a: -1 }, texts: { sample: 'naïve <b>' } });
    file.close();
    const [name, ...rest] = readdirSync(folder).filter((each) => each !== 'other.txt');
    expect(rest).toEqual([]);
    expect(name).toMatch(/^events\.out\.tfevents\.2000\./);
    const events = readTfRecords(readFileSync(join(folder, name!))).map(decodeEvent);
    expect(events[0]).toEqual({ wall_time: 2000, file_version: 'brain.Event:2' });
    expect(events[1]).toMatchObject({ wall_time: 1, summary: { value: [{ tag: 'train/loss', simple_value: 2.5 }] } });
    expect(events[2]).toMatchObject({
      wall_time: 2, step: 3_000_000_000,
      summary: { value: [{ tag: 'a', simple_value: -1 }, { tag: 'sample', tensor: { dtype: 7, string_val: [[...new TextEncoder().encode('naïve <b>')]] }, metadata: { plugin_data: { plugin_name: 'text' } } }] },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
