import { mix } from '../vocabulary.ts';
import type { Minhasher } from './minhash.ts';

/** What both halves of a key are where a document has no signature. */
export const NO_KEY = 0xffffffff;

/**
 * Writes 64 bits for each bucket of a signature, the top of its first value and a hash of all its values, the halves of bucket b
 * to `into[at + b · stride]` and the place after it. Sorted by their keys, buckets are nearly as they would be by their values.
 */
export function writeKeys(signature: Uint32Array | undefined, { buckets, hashesPerBucket, limbs }: Minhasher, { into, at, stride }: { into: Uint32Array; at: number; stride: number }): void {
  const width = hashesPerBucket * limbs;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const place = at + bucket * stride;
    if (!signature) {
      into[place] = NO_KEY;
      into[place + 1] = NO_KEY;
      continue;
    }
    const start = bucket * width;
    let hash = 0;
    for (let i = start; i < start + width; i++) hash = mix(Math.imul(hash, 0x9e3779b1) + (signature[i] as number)) >>> 0;
    const low = signature[start] as number;
    // A value of 64 bits is below 2⁶¹: these are its top 32 bits.
    const top = limbs === 1 ? low : (((signature[start + 1] as number) << 3) | (low >>> 29)) >>> 0;
    into[place] = top;
    into[place + 1] = top === NO_KEY && hash === NO_KEY ? hash - 1 : hash;
  }
}
