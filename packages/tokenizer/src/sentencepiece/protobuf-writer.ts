/** Puts the fields of a protobuf message together, in the order in which they are given. */
export interface ProtobufWriter {
  /** An integer or an enumeration; a negative one takes ten bytes, as a 64-bit number. */
  integer(number: number, value: number): ProtobufWriter;
  boolean(number: number, value: boolean): ProtobufWriter;
  /** 32 bits. */
  float(number: number, value: number): ProtobufWriter;
  string(number: number, value: string): ProtobufWriter;
  /** Bytes, or a message. */
  bytes(number: number, value: Uint8Array): ProtobufWriter;
  finish(): Uint8Array;
}

/** A writer of one message. */
export function protobufWriter(): ProtobufWriter {
  let buffer = new Uint8Array(64);
  let size = 0;
  const utf8 = new TextEncoder();
  const reserve = (more: number): void => {
    if (size + more <= buffer.length) return;
    const larger = new Uint8Array(2 * (size + more));
    larger.set(buffer);
    buffer = larger;
  };
  const varint = (value: bigint): void => {
    reserve(10);
    let left = BigInt.asUintN(64, value);
    for (; left >= 128n; left >>= 7n) buffer[size++] = Number(left & 127n) | 128;
    buffer[size++] = Number(left);
  };
  const tag = (number: number, wire: number): void => varint(BigInt(number * 8 + wire));
  const writer: ProtobufWriter = {
    integer(number, value) {
      tag(number, 0);
      varint(BigInt(value));
      return writer;
    },
    boolean: (number, value) => writer.integer(number, value ? 1 : 0),
    float(number, value) {
      tag(number, 5);
      reserve(4);
      new DataView(buffer.buffer).setFloat32(size, value, true);
      size += 4;
      return writer;
    },
    string: (number, value) => writer.bytes(number, utf8.encode(value)),
    bytes(number, value) {
      tag(number, 2);
      varint(BigInt(value.length));
      reserve(value.length);
      buffer.set(value, size);
      size += value.length;
      return writer;
    },
    finish: () => buffer.slice(0, size),
  };
  return writer;
}
