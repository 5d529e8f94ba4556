import { ALL_KINDS } from './characters.ts';
import { emailSpans } from './email-spans.ts';
import { ibanSpans } from './iban-spans.ts';
import { ipSpans } from './ip-spans.ts';
import { endsHere, startsHere } from './number-chain.ts';
import { numberSpans } from './number-spans.ts';
import type { PiiFinding, PiiKind } from './pii-finding.ts';

export interface FindPiiOptions {
  /** Default: all. */
  readonly kinds?: readonly PiiKind[];
  /** Leave private addresses alone. Default true. */
  readonly onlyPublicIps?: boolean;
}

/**
 * Personal data in a text, as spans in UTF-16 units, in order and without overlaps; where two overlap, the kind named first
 * here stands: e-mail, IBAN (length by country, mod 97), Chinese identity number (division, date, mod 11-2), bank card (issuer,
 * length, Luhn), US social security number (shape), telephone (Chinese, North American, British, international forms), IPv4.
 *
 * Time is linear in the text, whatever it holds: no expression backtracks. Digits are ASCII digits; the identity
 * numbers of 15 digits and social security numbers without separators are not looked for. Throws RangeError for an unknown kind.
 *
 * @example
 * ```ts
 * import { findPii } from '@llm/data-quality';
 * const text = '手机13800138000，邮箱 ann@mail.cn';
 * const found = findPii(text).map(({ kind, start, end }) => `${kind}:${text.slice(start, end)}`);
 * console.assert(found.join() === 'phone:13800138000,email:ann@mail.cn');
 * ```
 */
export function findPii(text: string, { kinds = ALL_KINDS, onlyPublicIps = true }: FindPiiOptions = {}): PiiFinding[] {
  for (const kind of kinds) {
    if (!ALL_KINDS.includes(kind)) throw new RangeError(`findPii: expected kinds out of ${ALL_KINDS.join(', ')} but found ${String(kind)}. Name one of those.`);
  }
  const wanted = new Set(kinds);
  const all = [
    ...(wanted.has('email') ? emailSpans(text) : []),
    ...(wanted.has('iban') ? ibanSpans(text) : []),
    // Unlike `piiFormatter`, which must find what datatrove finds: v1.2.3.4 and 1.2.3.4.5 are versions.
    ...(wanted.has('ip') ? ipSpans(text, { publicOnly: onlyPublicIps }).filter(({ start, end }) => startsHere(text, start) && endsHere(text, end)) : []),
    ...(kinds.some((kind) => kind !== 'email' && kind !== 'iban' && kind !== 'ip') ? numberSpans(text) : []),
  ].sort((a, b) => a.start - b.start || a.end - b.end);
  const found: PiiFinding[] = [];
  for (const each of all) {
    const last = found.at(-1);
    if (!last || each.start >= last.end) found.push(each);
    else if (ALL_KINDS.indexOf(each.kind) < ALL_KINDS.indexOf(last.kind)) found[found.length - 1] = each;
  }
  return found.filter(({ kind }) => wanted.has(kind));
}
