import { tokenToBytes } from '../byte-level.ts';
import type { StreamDecoder } from '../tokenizer.ts';

/** The text of tokens by their bytes, whole characters at a time. */
export function byteStream(tokenOf: (id: number) => string): StreamDecoder {
  const utf8 = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    push(id) {
      const token = tokenOf(id);
      return decoder.decode(tokenToBytes(token) ?? utf8.encode(token), { stream: true });
    },
    end: () => decoder.decode(),
  };
}

// A character has at most four tokens of bytes, so nothing that is text waits longer.
const MOST_WAITING = 8;

/**
 * What a token adds depends on those before it: the newest ones are decoded with it and without. It waits while the text does not grow or
 * ends within a character: tokens that are a byte (`byteAt`) say so; of tokens of several, U+FFFD does, for as long as there is more of it.
 */
export function neighbourStream(decode: (ids: readonly number[]) => string, byteAt: ((id: number) => number | undefined) | undefined): StreamDecoder {
  let window: number[] = [];
  let shown = '';
  let known = 0;
  let tail: number[] = [];
  return {
    push(id) {
      // Where it is none, what came before it stays.
      const longer = [...window, id];
      const text = decode(longer);
      window = longer;
      const byte = byteAt?.(id);
      tail = byte === undefined ? [] : [...tail.slice(-2), byte];
      if (byteAt === undefined && text.endsWith('\ufffd')) return '';
      if ((text.length <= shown.length || endsWithin(tail)) && window.length - known < MOST_WAITING) return '';
      const more = text.slice(shown.length);
      window = window.slice(known);
      shown = decode(window);
      known = window.length;
      return more;
    },
    end() {
      const rest = decode(window).slice(shown.length);
      window = [];
      shown = '';
      known = 0;
      tail = [];
      return rest;
    },
  };
}

/** Whether the last bytes of a text, three of them or fewer, end within a character of UTF-8. */
function endsWithin(tail: readonly number[]): boolean {
  for (let back = 1; back <= tail.length; back++) {
    const byte = tail.at(-back)!;
    if ((byte & 0xc0) !== 0x80) return byte >= 0xc2 && byte < 0xf5 && back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2);
  }
  return false;
}
