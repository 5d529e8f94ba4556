/** Reads what peer.py writes: numbers of 32 bits and texts, each after their count. Holds no more than has arrived and is not read. */
export function reader(stream) {
  const chunks = stream[Symbol.asyncIterator]();
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
  let buffer = Buffer.alloc(0);
  let at = 0;

  async function bytes(count) {
    while (buffer.length - at < count) {
      const { value, done } = await chunks.next();
      if (done) throw new Error(`expected ${count} more bytes of the peer but found its end`);
      buffer = Buffer.concat([buffer.subarray(at), value]);
      at = 0;
    }
    at += count;
    return buffer.subarray(at - count, at);
  }

  const count = async () => (await bytes(4)).readUInt32LE();
  return {
    async numbers() {
      const length = await count();
      return new Uint32Array(Uint8Array.from(await bytes(4 * length)).buffer);
    },
    async text() {
      return utf8.decode(await bytes(await count()));
    },
  };
}
