import type { BlockType } from './codecs.ts';
import { halves } from './half.ts';
import { unpackFive } from './q5-0.ts';
import { unpackSixBits, unpackTwoBits } from './pack-bits.ts';

const f = Math.fround;

/** Where the codes of a tensor go, one to a value, and the scale and offset of each block. */
export interface Unpacked { readonly codes: Uint8Array | Int8Array; readonly scale: Float32Array; readonly offset: Float32Array }

/** A type as codes with scales: value = (code − zero) · scale − offset, zero 8 for four bits without offset. */
export interface UnpackType {
  readonly bits: 4 | 8;
  readonly blockSize: 16 | 32;
  readonly asymmetric: boolean;
  readonly unpack: (blocks: Uint8Array, into: Unpacked) => void;
}

const halfAt = (blocks: Uint8Array, at: number): number => halves()[blocks[at]! | (blocks[at + 1]! << 8)]!;
const five = new Uint8Array(32);
const two = new Uint8Array(256);
const six = { scaleCodes: new Uint8Array(8), minCodes: new Uint8Array(8) };

/** The types of 32 values, block by block. */
function plain(bits: 4 | 8, { bytes, asymmetric, codesOf }: { bytes: number; asymmetric: boolean; codesOf: (blocks: Uint8Array, at: number, codes: Uint8Array | Int8Array, to: number) => void }): UnpackType {
  return {
    bits, blockSize: 32, asymmetric,
    unpack(blocks, { codes, scale, offset }) {
      for (let block = 0; block < scale.length; block++) {
        const at = block * bytes;
        scale[block] = halfAt(blocks, at);
        if (asymmetric) offset[block] = -halfAt(blocks, at + 2);
        codesOf(blocks, at, codes, 32 * block);
      }
    },
  };
}

function nibbles(blocks: Uint8Array, at: number, codes: Uint8Array | Int8Array, to: number): void {
  for (let i = 0; i < 16; i++) {
    codes[to + i] = blocks[at + i]! & 15;
    codes[to + 16 + i] = blocks[at + i]! >>> 4;
  }
}

/** The types of 256 values, super-block by super-block. */
function large(bits: 4 | 8, { bytes, blockSize, asymmetric, codesOf }: { bytes: number; blockSize: 16 | 32; asymmetric: boolean; codesOf: (blocks: Uint8Array, at: number, into: Unpacked, to: number) => void }): UnpackType {
  return {
    bits, blockSize, asymmetric,
    unpack(blocks, into) {
      for (let to = 0, at = 0; to < into.codes.length; to += 256, at += bytes) codesOf(blocks, at, into, to);
    },
  };
}

/** Scales and lower ends of Q4_K and Q5_K. */
function sixBitScales(blocks: Uint8Array, at: number, { scale, offset }: Unpacked, to: number): void {
  const [d, m] = [halfAt(blocks, at), halfAt(blocks, at + 2)];
  unpackSixBits(blocks, at + 4, six);
  for (let j = 0; j < 8; j++) {
    scale[to / 32 + j] = f(d * six.scaleCodes[j]!);
    offset[to / 32 + j] = f(m * six.minCodes[j]!);
  }
}

/** Every type of few bits as codes with scales, exactly. */
export const unpackTypes: Readonly<Record<BlockType, UnpackType>> = {
  Q8_0: plain(8, { bytes: 34, asymmetric: false, codesOf: (blocks, at, codes, to) => { for (let i = 0; i < 32; i++) codes[to + i] = blocks[at + 2 + i]!; } }),
  Q4_0: plain(4, { bytes: 18, asymmetric: false, codesOf: (blocks, at, codes, to) => nibbles(blocks, at + 2, codes, to) }),
  Q4_1: plain(4, { bytes: 20, asymmetric: true, codesOf: (blocks, at, codes, to) => nibbles(blocks, at + 4, codes, to) }),
  Q5_0: plain(8, {
    bytes: 22, asymmetric: false, codesOf(blocks, at, codes, to) {
      unpackFive(blocks, at + 2, five);
      for (let i = 0; i < 32; i++) codes[to + i] = five[i]! - 16;
    },
  }),
  Q5_1: plain(8, {
    bytes: 24, asymmetric: true, codesOf(blocks, at, codes, to) {
      unpackFive(blocks, at + 4, five);
      codes.set(five, to);
    },
  }),
  Q2_K: large(4, {
    bytes: 84, blockSize: 16, asymmetric: true, codesOf(blocks, at, { codes, scale, offset }, to) {
      const [d, m] = [halfAt(blocks, at + 80), halfAt(blocks, at + 82)];
      for (let j = 0; j < 16; j++) {
        scale[to / 16 + j] = f(d * (blocks[at + j]! & 15));
        offset[to / 16 + j] = f(m * (blocks[at + j]! >>> 4));
      }
      unpackTwoBits(blocks, at + 16, two);
      codes.set(two, to);
    },
  }),
  Q3_K: large(4, {
    bytes: 110, blockSize: 16, asymmetric: false, codesOf(blocks, at, { codes, scale }, to) {
      const d = halfAt(blocks, at + 108);
      unpackTwoBits(blocks, at + 32, two);
      for (let j = 0; j < 16; j++) {
        const low = j < 8 ? blocks[at + 96 + j]! & 15 : blocks[at + 96 + j - 8]! >>> 4;
        scale[to / 16 + j] = f(d * ((low | ((blocks[at + 104 + (j & 3)]! >>> (2 * (j >> 2))) & 3) << 4) - 32));
      }
      // Without its third bit a code counts from −4, and eight stands for zero.
      for (let i = 0; i < 256; i++) codes[to + i] = two[i]! + (((blocks[at + (i & 31)]! >>> (i >> 5)) & 1) === 1 ? 8 : 4);
    },
  }),
  Q4_K: large(4, {
    bytes: 144, blockSize: 32, asymmetric: true, codesOf(blocks, at, into, to) {
      sixBitScales(blocks, at, into, to);
      for (let i = 0; i < 256; i++) into.codes[to + i] = (blocks[at + 16 + (i >> 6) * 32 + (i & 31)]! >>> (((i >> 5) & 1) * 4)) & 15;
    },
  }),
  Q5_K: large(8, {
    bytes: 176, blockSize: 32, asymmetric: true, codesOf(blocks, at, into, to) {
      sixBitScales(blocks, at, into, to);
      for (let i = 0; i < 256; i++) {
        into.codes[to + i] = ((blocks[at + 48 + (i >> 6) * 32 + (i & 31)]! >>> (((i >> 5) & 1) * 4)) & 15) | ((blocks[at + 16 + (i & 31)]! >>> (i >> 5)) & 1) << 4;
      }
    },
  }),
  Q6_K: large(8, {
    bytes: 210, blockSize: 16, asymmetric: false, codesOf(blocks, at, { codes, scale }, to) {
      const d = halfAt(blocks, at + 208);
      for (let j = 0; j < 16; j++) scale[to / 16 + j] = f(d * (blocks[at + 192 + j]! << 24 >> 24));
      for (let i = 0; i < 256; i++) {
        const [part, run, j] = [i >> 7, (i >> 5) & 3, i & 31];
        const low = (blocks[at + 64 * part + (run & 1) * 32 + j]! >>> (run >> 1) * 4) & 15;
        codes[to + i] = (low | ((blocks[at + 128 + 32 * part + j]! >>> (2 * run)) & 3) << 4) - 32;
      }
    },
  }),
};
