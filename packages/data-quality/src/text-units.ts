const encoder: TextEncoder = new TextEncoder();
const bytes: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 16);
let units = new Uint16Array(1 << 16);
/** Larger buffers than this are given back after use. */
const KEEP = 1 << 22;

/** Writes the first `written` bytes, which are UTF-8, as UTF-16 units from `to` on. */
function decode(written: number, text: string, from: number): void {
  const source = bytes;
  const target = units;
  let to = from;
  for (let i = 0; i < written; ) {
    const byte = source[i] as number;
    if (byte < 0x80) {
      target[to++] = byte;
      i++;
    } else if (byte < 0xe0) {
      target[to++] = ((byte & 0x1f) << 6) | ((source[i + 1] as number) & 0x3f);
      i += 2;
    } else if (byte < 0xf0) {
      const unit = ((byte & 0xf) << 12) | (((source[i + 1] as number) & 0x3f) << 6) | ((source[i + 2] as number) & 0x3f);
      // A lone surrogate is encoded as U+FFFD.
      target[to] = unit === 0xfffd ? text.charCodeAt(to) : unit;
      to++;
      i += 3;
    } else {
      const code = ((byte & 7) << 18) | (((source[i + 1] as number) & 0x3f) << 12) | (((source[i + 2] as number) & 0x3f) << 6) | ((source[i + 3] as number) & 0x3f);
      target[to++] = 0xd7c0 + (code >> 10);
      target[to++] = 0xdc00 | (code & 0x3ff);
      i += 4;
    }
  }
}

/**
 * The UTF-16 units of a text in an array, `units[0 … text.length)`, valid until the next call: a loop over an array is four
 * times as fast as one over `charCodeAt`, and encoding the text natively takes almost no time.
 */
export function textUnits(text: string): Uint16Array {
  const { length } = text;
  if (length > units.length || (units.length > KEEP && length <= KEEP)) units = new Uint16Array(Math.max(1 << 16, 2 ** Math.ceil(Math.log2(length))));
  for (let at = 0; at < length; ) {
    const { read, written } = encoder.encodeInto(at === 0 ? text : text.slice(at), bytes);
    if (read === written) units.set(bytes.subarray(0, written), at);
    else decode(written, text, at);
    at += read;
  }
  return units;
}
