import { digitsFrom, isDigit, octet } from './characters.ts';
import type { PiiFinding } from './pii-finding.ts';

const DOT = 0x2e;

/** First addresses and prefix lengths that IANA's registry of special addresses calls not globally reachable. */
const PRIVATE: readonly (readonly [number, number, number, number, number])[] = [
  [0, 0, 0, 0, 8], [10, 0, 0, 0, 8], [100, 64, 0, 0, 10], [127, 0, 0, 0, 8], [169, 254, 0, 0, 16], [172, 16, 0, 0, 12], [192, 0, 0, 0, 24],
  [192, 0, 2, 0, 24], [192, 168, 0, 0, 16], [198, 18, 0, 0, 15], [198, 51, 100, 0, 24], [203, 0, 113, 0, 24], [240, 0, 0, 0, 4],
];

const numberOf = (a: number, b: number, c: number, d: number): number => ((a * 256 + b) * 256 + c) * 256 + d;

/** An octet with a leading zero makes no address; `publicOnly` asks for a globally reachable one besides. */
function isAddress(text: string, publicOnly: boolean): boolean {
  const parts = text.split('.');
  if (parts.some((part) => part.length > 1 && part[0] === '0')) return false;
  if (!publicOnly) return true;
  const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number);
  const value = numberOf(a, b, c, d);
  // Two anycast addresses inside a block that is private otherwise.
  if (value === numberOf(192, 0, 0, 9) || value === numberOf(192, 0, 0, 10)) return true;
  return !PRIVATE.some(([p, q, r, s, bits]) => Math.floor(value / 2 ** (32 - bits)) === Math.floor(numberOf(p, q, r, s) / 2 ** (32 - bits)));
}

/**
 * IPv4 addresses in the order of the text, as datatrove finds them: four octets with dots between, whatever stands around
 * them, so that `1234.5.6.7` holds one. A match that is no public address is passed over as a whole. Linear time.
 */
export function ipSpans(text: string, { publicOnly = true }: { publicOnly?: boolean } = {}): PiiFinding[] {
  const found: PiiFinding[] = [];
  let from = 0;
  for (let dot = text.indexOf('.'); dot >= 0; dot = text.indexOf('.', Math.max(dot + 1, from))) {
    if (dot - 1 < from || !isDigit(text.charCodeAt(dot - 1)) || !isDigit(text.charCodeAt(dot + 1))) continue;
    let first = 1;
    while (first < 3 && dot - first > from && isDigit(text.charCodeAt(dot - first - 1))) first++;
    while (octet(text, dot - first, first) < 0) first--;
    let at = dot + 1;
    let inner = 0;
    for (; inner < 2; inner++) {
      const length = digitsFrom(text, at, 4);
      if (octet(text, at, length) < 0 || text.charCodeAt(at + length) !== DOT) break;
      at += length + 1;
    }
    if (inner < 2) continue;
    let length = digitsFrom(text, at, 3);
    if (length === 0) continue;
    if (octet(text, at, length) < 0) length--;
    from = at + length;
    if (isAddress(text.slice(dot - first, from), publicOnly)) found.push({ kind: 'ip', start: dot - first, end: from });
  }
  return found;
}
