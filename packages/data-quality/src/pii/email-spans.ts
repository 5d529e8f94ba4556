import { digitsFrom, isAlphanumeric, octet, wordBefore } from './characters.ts';
import type { PiiFinding } from './pii-finding.ts';

const ATOM = new Set([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&\'*+/=?^_`{|}~-'].map((char) => char.charCodeAt(0)));
const DOT = 0x2e;
const HYPHEN = 0x2d;

/** End of the host name at `start`, at least two labels of letters, digits and inner hyphens, or -1. */
function endOfHost(text: string, start: number): number {
  let end = -1;
  let labels = 0;
  for (let at = start; isAlphanumeric(text.charCodeAt(at)); at++) {
    let last = at;
    for (let unit = text.charCodeAt(at); isAlphanumeric(unit) || unit === HYPHEN; unit = text.charCodeAt(++at)) if (unit !== HYPHEN) last = at;
    labels++;
    end = last + 1;
    // A label that ends in a hyphen can only be the last one, without its hyphens.
    if (end !== at || text.charCodeAt(at) !== DOT) break;
  }
  return labels >= 2 ? end : -1;
}

/** End of `[1.2.3.4]` or `[1.2.3.tag:]` at `start`, or -1. */
function endOfLiteral(text: string, start: number): number {
  let at = start + 1;
  for (let i = 0; i < 3; i++) {
    const length = digitsFrom(text, at, 4);
    if (octet(text, at, length) < 0 || text.charCodeAt(at + length) !== DOT) return -1;
    at += length + 1;
  }
  const length = digitsFrom(text, at, 4);
  if (octet(text, at, length) >= 0 && text[at + length] === ']') return at + length + 1;
  let end = at;
  while (isAlphanumeric(text.charCodeAt(end)) || text.charCodeAt(end) === HYPHEN) end++;
  return end > at && isAlphanumeric(text.charCodeAt(end - 1)) && text.startsWith(':]', end) ? end + 2 : -1;
}

/** First place from `from` on where a local part that ends at `at` may start, or -1. */
function startOfLocal(text: string, at: number, from: number): number {
  let best = -1;
  for (let i = at - 1; i >= from; i--) {
    const unit = text.charCodeAt(i);
    if (unit === DOT) {
      if (i === at - 1 || text.charCodeAt(i + 1) === DOT) break;
      continue;
    }
    if (!ATOM.has(unit)) break;
    // A word boundary: exactly one of the two neighbours belongs to a word.
    if (wordBefore(text, i) !== (isAlphanumeric(unit) || unit === 0x5f)) best = i;
  }
  return best;
}

/**
 * E-mail addresses in the order of the text, as datatrove's expression finds them. Each `@` is looked at once, to the left
 * and to the right up to the next `@`: linear time.
 */
export function emailSpans(text: string): PiiFinding[] {
  const found: PiiFinding[] = [];
  let from = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const start = startOfLocal(text, at, from);
    if (start >= 0) {
      const end = text[at + 1] === '[' ? endOfLiteral(text, at + 1) : endOfHost(text, at + 1);
      if (end >= 0) {
        found.push({ kind: 'email', start, end });
        from = end;
      }
    }
  }
  return found;
}
