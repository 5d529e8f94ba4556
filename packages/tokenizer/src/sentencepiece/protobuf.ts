import { TokenizerError } from '../tokenizer-error.ts';

/** A field of a message: a number for varints and 32-bit floats, bytes for strings and messages. */
export interface ProtobufField {
  readonly number: number;
  readonly value: number | Uint8Array;
}

/**
 * The fields of a protobuf message in the order in which they are written. Of varints the low 32 bits are read, as a signed number, which is
 * what the fields of a SentencePiece model have; 64-bit values are skipped.
 */
export function* protobufFields(bytes: Uint8Array): Generator<ProtobufField> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw broken(`a number that ends in ${bytes.length} bytes`);
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw broken('a number of more than 10 bytes');
  };
  const skip = (size: number): number => {
    const from = at;
    if (size < 0 || from + size > bytes.length) throw broken(`${size} bytes of which ${bytes.length - from} are left`);
    at += size;
    return from;
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = tag >>> 3;
    switch (tag & 7) {
      case 0: yield { number, value: varint() }; break;
      case 1: skip(8); break;
      case 2: {
        const size = varint();
        const from = skip(size);
        yield { number, value: bytes.subarray(from, from + size) };
        break;
      }
      case 5: yield { number, value: view.getFloat32(skip(4), true) }; break;
      default: throw broken(`a field of wire type ${tag & 7}`);
    }
  }
}

function broken(found: string): TokenizerError {
  return new TokenizerError('E_TOKENIZER_MODEL', `readSentencePiece: expected the fields of a SentencePiece model but found ${found}. Check that the file is a complete .model file.`);
}
