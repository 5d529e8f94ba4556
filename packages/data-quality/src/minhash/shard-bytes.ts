import { DataError } from '../data-error.ts';
import { hash128 } from '../hash-set-128.ts';
import { textUnits } from '../text-units.ts';
import type { Minhasher } from './minhash.ts';

/** A shard as `MinhashIndex.encode` writes it: all of its bytes, or what reads some of them. */
export type ShardBytes = Uint8Array | { read(start: number, end: number): Uint8Array | Promise<Uint8Array> };

// A file is a header of 8 numbers (mark, version, documents, buckets, 4 of the hash of the settings), then for each bucket the
// keys of all documents; numbers of 32 bits, the low byte first, as typed arrays are everywhere.
const HEADER_BYTES = 32;
const MARK = 0x4853484d; // MHSH
const VERSION = 1;

/** What the header of a shard says. */
export interface ShardHeader {
  readonly documents: number;
  readonly buckets: number;
  /** Equal where signatures can be compared. */
  readonly settings: string;
}

/** The bytes of one shard, of which `columnsOf` gives the keys of a bucket in pieces. */
export function encodeShard({ buckets, settings }: Minhasher, documents: number, columnsOf: (bucket: number) => readonly Uint32Array[]): Uint8Array {
  const out = new Uint32Array(HEADER_BYTES / 4 + 2 * documents * buckets);
  out.set([MARK, VERSION, documents, buckets]);
  hash128({ units: textUnits(settings), length: settings.length }, out.subarray(4, 8));
  let at = HEADER_BYTES / 4;
  for (let bucket = 0; bucket < buckets; bucket++) {
    for (const column of columnsOf(bucket)) {
      out.set(column, at);
      at += column.length;
    }
  }
  return new Uint8Array(out.buffer);
}

/** Numbers of 32 bits out of some bytes. Throws what `cutOff` makes of how many there are where that is not all of them. */
export async function readNumbers(shard: ShardBytes, [start, end]: readonly [start: number, end: number], cutOff: (found: number) => DataError): Promise<Uint32Array> {
  const bytes = shard instanceof Uint8Array ? shard.subarray(start, end) : await shard.read(start, end);
  if (bytes.length !== end - start) throw cutOff(bytes.length);
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, (end - start) / 4);
}

const readSignatures = (shard: ShardBytes, number: number, range: readonly [start: number, end: number]): Promise<Uint32Array> => readNumbers(shard, range, (found) => new DataError('E_MINHASH_SHARD', {
  problem: `clusterShards: expected bytes ${range[0]} to ${range[1]} of shard ${number} but found ${found} of them`, remedy: 'It was cut off: encode it again.',
}));

/** The header of a shard, checked. */
export async function readShardHeader(shard: ShardBytes, number: number): Promise<ShardHeader> {
  const [mark, version, documents = 0, buckets = 0, ...settings] = await readSignatures(shard, number, [0, HEADER_BYTES]);
  if (mark !== MARK || version !== VERSION) {
    throw new DataError('E_MINHASH_SHARD', { problem: `clusterShards: expected what MinhashIndex.encode wrote but found other bytes in shard ${number}`, remedy: 'Pass the files of signatures, not those of documents.' });
  }
  // Before memory is taken for so many documents, they have to be there.
  const end = HEADER_BYTES + 8 * documents * buckets;
  if (documents > 0) await readSignatures(shard, number, [end - 4, end]);
  return { documents, buckets, settings: settings.join() };
}

/** The keys of one bucket. */
export function readColumn(shard: ShardBytes, number: number, { documents, bucket }: { readonly documents: number; readonly bucket: number }): Promise<Uint32Array> {
  const start = HEADER_BYTES + 8 * documents * bucket;
  return readSignatures(shard, number, [start, start + 8 * documents]);
}
