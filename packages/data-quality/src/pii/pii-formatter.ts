import type { Filter } from '../types.ts';
import { emailSpans } from './email-spans.ts';
import { ipSpans } from './ip-spans.ts';
import type { PiiFinding } from './pii-finding.ts';

export interface PiiFormatterOptions {
  /** Default true. */
  readonly removeEmails?: boolean;
  /** Default true. */
  readonly removeIps?: boolean;
  /** Leave private addresses, which say nothing about a person. Default true. */
  readonly onlyPublicIps?: boolean;
  /** Taken in turn, on from one document to the next. */
  readonly emailReplacements?: readonly string[];
  /** Taken in turn. */
  readonly ipReplacements?: readonly string[];
}

const EMAILS: readonly string[] = ['email@example.com', 'firstname.lastname@example.org'];
const IPS: readonly string[] = ['22.214.171.124', '126.96.36.199', '188.8.131.52', '184.108.40.206', '220.127.116.11', '18.104.22.168'];

/** Puts the next of `values` in the place of each finding. */
function turns(values: readonly string[], name: string): (text: string, found: readonly PiiFinding[]) => string {
  if (values.length === 0) throw new RangeError(`piiFormatter: expected at least one of ${name} but found none. Leave it out for the default.`);
  let turn = 0;
  return (text, found) => {
    if (found.length === 0) return text;
    let out = '';
    let from = 0;
    for (const { start, end } of found) {
      out += text.slice(from, start) + (values[turn] as string);
      turn = (turn + 1) % values.length;
      from = end;
    }
    return out + text.slice(from);
  };
}

/**
 * The last step of FineWeb (Penedo et al. 2024): e-mail addresses and public IPv4 addresses are replaced by addresses that are
 * nobody's, as datatrove's formatter does. Drops nothing. The replacements are taken in turn over all documents that one
 * formatter sees, so that a run depends on the order of its documents. First the addresses of e-mail, then those of hosts.
 *
 * Throws RangeError for an empty list of replacements.
 *
 * @example
 * ```ts
 * import { piiFormatter } from '@llm/data-quality';
 * const verdict = piiFormatter().check({ id: 'a', text: 'Write to ann@mail.cn or ping 8.8.8.8, not 10.0.0.1.' });
 * console.assert(verdict.keep && verdict.document?.text === 'Write to email@example.com or ping 22.214.171.124, not 10.0.0.1.');
 * ```
 */
export function piiFormatter({ removeEmails = true, removeIps = true, onlyPublicIps = true, emailReplacements = EMAILS, ipReplacements = IPS }: PiiFormatterOptions = {}): Filter {
  const emails = turns(emailReplacements, 'emailReplacements');
  const ips = turns(ipReplacements, 'ipReplacements');
  return {
    name: 'piiFormatter',
    rules: [],
    check: (document) => {
      const withoutEmails = removeEmails ? emails(document.text, emailSpans(document.text)) : document.text;
      const text = removeIps ? ips(withoutEmails, ipSpans(withoutEmails, { publicOnly: onlyPublicIps })) : withoutEmails;
      return text === document.text ? { keep: true } : { keep: true, document: { ...document, text } };
    },
  };
}
