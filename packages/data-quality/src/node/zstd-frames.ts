const FRAME_MAGIC = 0xfd2fb528;
/** Sixteen numbers that start a frame of other data, to be skipped. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const SIZE_BYTES = [0, 2, 4, 8] as const;

/**
 * The same bytes, cut so that no chunk goes on past the end of a zstd frame: Node's decompressor drops what stands behind one
 * in the same chunk, and files of several frames are common. The layout is that of RFC 8878. Bytes that are no frame pass as they are.
 */
export async function* zstdFrames(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: number[] = [];
  let pass = 0;
  let needed = 4;
  let next = 'magic' as 'magic' | 'skippable' | 'descriptor' | 'block' | 'end';
  let checksum = 0;
  let last = false;

  const expect = (what: typeof next, bytes: number): void => {
    head = [];
    next = what;
    needed = bytes;
  };
  const littleEndian = (): number => head.reduceRight((value, byte) => value * 256 + byte, 0);

  /** Reads what was collected in `head` and says what comes then. */
  const step = (): void => {
    const value = littleEndian();
    if (next === 'magic') {
      if (value === FRAME_MAGIC) expect('descriptor', 1);
      else if (value - (value % 16) === SKIPPABLE_MAGIC) expect('skippable', 4);
      else pass = Infinity;
    } else if (next === 'skippable') {
      pass = value;
      expect('end', 0);
    } else if (next === 'descriptor') {
      const single = (value >> 5) & 1;
      const size = value >> 6;
      checksum = (value >> 2) & 1 ? 4 : 0;
      pass = (single ? 0 : 1) + (DICTIONARY_BYTES[value & 3] as number) + (size === 0 ? single : (SIZE_BYTES[size] as number));
      last = false;
      expect('block', 3);
    } else {
      last = (value & 1) === 1;
      // A block of one repeated byte holds that byte alone.
      pass = ((value >> 1) & 3) === 1 ? 1 : value >> 3;
      if (last) pass += checksum;
      expect(last ? 'end' : 'block', last ? 0 : 3);
    }
  };

  for await (const chunk of stream) {
    let start = 0;
    for (let at = 0; at < chunk.length; ) {
      if (pass > 0) {
        const taken = Math.min(pass, chunk.length - at);
        pass -= taken;
        at += taken;
      } else {
        head.push(chunk[at++] as number);
        if (head.length === needed) step();
      }
      if (pass === 0 && next === 'end') {
        yield chunk.subarray(start, at);
        start = at;
        expect('magic', 4);
      }
    }
    if (start < chunk.length) yield chunk.subarray(start);
  }
}
