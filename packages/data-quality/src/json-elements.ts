import { DataError } from './data-error.ts';

export interface JsonElement {
  /** 1-based number of the line on which it starts. */
  readonly line: number;
  /** Its text in UTF-8, brackets balanced and otherwise unchecked. */
  readonly bytes: Uint8Array;
}

const LF = 10, QUOTE = 0x22, COMMA = 0x2c, BACKSLASH = 0x5c, OPEN = 0x5b, CLOSE = 0x5d, BRACE = 0x7b, BRACE_END = 0x7d;
const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);

/**
 * The elements of a JSON array whose first byte that is no white space is the bracket, one at a time; one that is too long stands
 * as its error, followed to its end without being kept. Throws E_JSON where the array itself is damaged: what comes then is unknown.
 */
export async function* jsonElements(stream: AsyncIterable<Uint8Array>, { maxRecordBytes, source: file, caller }: { maxRecordBytes: number; source: string | undefined; caller: string }): AsyncGenerator<JsonElement | DataError> {
  let line = 1;
  let startLine = 1;
  let state = 'before' as 'before' | 'value or end' | 'value' | 'inside' | 'after';
  let depth = 0;
  let inString = false;
  let escaped = false;
  let parts: Uint8Array[] = [];
  let size = 0;

  const broken = (found: string): DataError => new DataError('E_JSON', { problem: `${caller}: expected an array of objects with commas between them but found ${found}`, remedy: 'The file may be truncated: fetch it again, or write JSON Lines, one object a line.', file, line });
  const keep = (bytes: Uint8Array): void => {
    size += bytes.length;
    if (size <= maxRecordBytes) parts.push(bytes.slice());
    else parts = [];
  };
  const finish = (): JsonElement | DataError => {
    const tooLong = size > maxRecordBytes;
    const bytes = new Uint8Array(tooLong ? 0 : size);
    let at = 0;
    for (const part of tooLong ? [] : parts) {
      bytes.set(part, at);
      at += part.length;
    }
    parts = [];
    size = 0;
    return tooLong ? new DataError('E_LINE_TOO_LONG', { problem: `${caller}: expected records of at most ${maxRecordBytes} bytes but found a longer one`, remedy: 'Split the record, or raise maxRecordBytes.', file, line: startLine }) : { line: startLine, bytes };
  };

  for await (const chunk of stream) {
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (byte === LF) line++;
      if (state === 'inside') {
        if (inString) {
          if (escaped) escaped = false;
          else if (byte === BACKSLASH) escaped = true;
          else if (byte === QUOTE) inString = false;
        } else if (byte === QUOTE) inString = true;
        else if (byte === OPEN || byte === BRACE) depth++;
        else if (depth > 0 && (byte === CLOSE || byte === BRACE_END)) depth--;
        else if (depth === 0 && (byte === COMMA || byte === CLOSE)) {
          keep(chunk.subarray(from, i));
          yield finish();
          state = byte === COMMA ? 'value' : 'after';
        }
        continue;
      }
      if (isSpace(byte)) continue;
      if (state === 'before') {
        // The caller has seen the bracket; before it may stand a byte order mark.
        if (byte === OPEN) state = 'value or end';
      } else if (state === 'after') throw broken('more after its end');
      else if (byte === CLOSE && state === 'value or end') state = 'after';
      else if (byte === COMMA || byte === CLOSE || byte === BRACE_END) throw broken(`${String.fromCharCode(byte)} in place of a record`);
      else {
        state = 'inside';
        startLine = line;
        from = i;
        depth = byte === OPEN || byte === BRACE ? 1 : 0;
        inString = byte === QUOTE;
        escaped = false;
      }
    }
    if (state === 'inside') keep(chunk.subarray(from));
  }
  if (state !== 'after') throw broken('its end missing');
}
