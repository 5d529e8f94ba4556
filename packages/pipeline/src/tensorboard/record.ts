import { maskedCrc32c } from './crc32c.ts';

/** One TFRecord: length (u64 le), its masked CRC, the data, their masked CRC. */
export function tfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(12 + data.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}

/** The data of every record. RangeError where a length or a checksum does not hold. */
export function readTfRecords(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const length = at + 12 <= bytes.length ? Number(view.getBigUint64(at, true)) : Infinity;
    if (at + 16 + length > bytes.length) throw new RangeError(`readTfRecords: expected a whole record at byte ${at} but found the end of the file.`);
    const data = bytes.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 8, true) !== maskedCrc32c(bytes.subarray(at, at + 8)) || view.getUint32(at + 12 + length, true) !== maskedCrc32c(data)) {
      throw new RangeError(`readTfRecords: expected checksums to match at byte ${at} but found others.`);
    }
    found.push(data);
    at += 16 + length;
  }
  return found;
}
