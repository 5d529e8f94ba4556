import { type Pattern } from '../aligned/stretches.ts';
import { tokenToBytes } from '../byte-level.ts';
import type { Decoder } from './decoder.ts';

/** A text with every match of a pattern as `content`. */
export function replacing(pattern: Pattern, content: string): (text: string) => string {
  return (text) => pattern(text).map(({ from, to, match }) => (match ? content : text.slice(from, to))).join('');
}

/** Every match of a pattern in each token as `content`. */
export function replaceDecoder(pattern: Pattern, content: string): Decoder {
  return (tokens) => tokens.map(replacing(pattern, content));
}

/** Visible characters as the bytes that they stand for; a token of other characters as itself. */
export const byteLevelDecoder: Decoder = (tokens) => {
  const utf8 = new TextEncoder();
  const parts = tokens.map((token) => tokenToBytes(token) ?? utf8.encode(token));
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return [new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)];
};

/** A blank before every token but those that go on with a word, whose prefix goes. */
export function wordPieceDecoder({ prefix, cleanup }: { prefix: string; cleanup: boolean }): Decoder {
  return (tokens) => tokens.map((token, i) => {
    const joined = i === 0 ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
    return cleanup ? cleanedUp(joined) : joined;
  });
}

const BEFORE: readonly (readonly [string, string])[] = [
  [' .', '.'], [' ?', '?'], [' !', '!'], [' ,', ','], [' \' ', '\''], [' n\'t', 'n\'t'], [' \'m', '\'m'], [' do not', ' don\'t'], [' \'s', '\'s'], [' \'ve', '\'ve'], [' \'re', '\'re'],
];

/** Takes out the blanks that English has not before a mark or a contraction. */
export function cleanedUp(text: string): string {
  return BEFORE.reduce((cleaned, [wrong, right]) => cleaned.replaceAll(wrong, right), text);
}

/** The visible character as a blank again; the one in front of everything goes. */
export function metaspaceDecoder({ replacement, prepends }: { replacement: string; prepends: boolean }): Decoder {
  return (tokens) => tokens.map((token, i) => token.replaceAll(replacement, i === 0 && prepends ? '' : ' '));
}

/** The end of a word as a blank, but not behind the last. */
export function bpeDecoder({ suffix }: { suffix: string }): Decoder {
  return (tokens) => tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? '' : ' '));
}

/** What a network of speech hears: repetitions are one, padding is nothing. Graves et al. 2006. */
export function ctcDecoder({ padding, delimiter, cleanup }: { padding: string; delimiter: string; cleanup: boolean }): Decoder {
  return (tokens) => tokens.filter((token, i) => i === 0 || token !== tokens[i - 1]).flatMap((token) => {
    const heard = token.replaceAll(padding, '');
    const text = cleanup ? cleanedUp(heard).replaceAll(delimiter, ' ') : heard;
    return text === '' ? [] : [text];
  });
}

/** Up to so many characters of a kind taken off either end of each token. */
export function stripDecoder({ content, start, stop }: { content: string; start: number; stop: number }): Decoder {
  return (tokens) => tokens.map((token) => {
    const chars = Array.from(token);
    let [from, to] = [0, chars.length];
    while (from < Math.min(start, chars.length) && chars[from] === content) from++;
    while (to > 0 && chars.length - to < stop && chars[to - 1] === content) to--;
    return chars.slice(from, Math.max(from, to)).join('');
  });
}

const BYTE = /^<0x([0-9A-Fa-f]{2})>$/;

/** The byte that a token such as `<0xE4>` stands for. */
export function byteOf(token: string): number | undefined {
  const found = BYTE.exec(token);
  return found === null ? undefined : parseInt(found[1]!, 16);
}

/** The token of each byte, `<0x0A>`: [256]. */
export const bytePieces: readonly string[] = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);

/** Tokens of bytes as the text that they are together, or as U+FFFD for each where they are none. */
export const byteFallbackDecoder: Decoder = (tokens) => {
  const texts: string[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length === 0) return;
    try {
      texts.push(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes)));
    } catch {
      texts.push('\ufffd'.repeat(bytes.length));
    }
    bytes = [];
  };
  for (const token of tokens) {
    const byte = byteOf(token);
    if (byte !== undefined) bytes.push(byte);
    else {
      flush();
      texts.push(token);
    }
  }
  flush();
  return texts;
};
