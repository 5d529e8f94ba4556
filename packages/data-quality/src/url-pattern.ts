import { classOf, LOWER } from './english-classes.ts';

const PORT = /^:\d{2,5}$/;
const ADDRESS = /^(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])(?:\.(?:1?\d{1,2}|2[0-4]\d|25[0-5])){2}\.(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4])$/;
const PRIVATE_ADDRESS = /^(?:(?:10|127)(?:\.\d{1,3}){3}|(?:169\.254|192\.168)(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[0-1])(?:\.\d{1,3}){2})/;
const SCHEME = /^[\p{L}\p{N}_+.-]{2,}$/u;

function isLabelUnit(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || ((unit | 32) >= 97 && (unit | 32) <= 122) || (unit >= 0xa1 && (unit & 0xf800) !== 0xd800);
}

function isTopLevel(text: string): boolean {
  let letters = 0;
  for (const char of text) {
    if (!(classOf(char.codePointAt(0) as number) & LOWER)) return false;
    letters++;
  }
  return letters >= 2 && letters <= 63;
}

/** One or more labels of 1 to 64 characters and a top level of 2 to 63 lower case letters. */
function isDomain(host: string): boolean {
  const labels = host.split('.');
  if (labels.length < 2 || !isTopLevel(labels[labels.length - 1] as string)) return false;
  return labels.slice(0, -1).every((label) => label.length >= 1 && label.length <= 64 && isLabelUnit(label.charCodeAt(0)) && isLabelUnit(label.charCodeAt(label.length - 1)));
}

/** A host that starts at `start`, then maybe a port, then the end or a path. */
function hostMatches(text: string, start: number): boolean {
  let end = start;
  while (end < text.length) {
    const unit = text.charCodeAt(end);
    if (!isLabelUnit(unit) && unit !== 45 && unit !== 46 && unit !== 95) break;
    end++;
  }
  if (end - start < 4 || (end < text.length && !':/?#'.includes(text.charAt(end)))) return false;
  if (text[end] === ':') {
    let after = end + 1;
    while (after < text.length && after <= end + 6 && text.charCodeAt(after) >= 48 && text.charCodeAt(after) <= 57) after++;
    if (!PORT.test(text.slice(end, after)) || (after < text.length && !'/?#'.includes(text.charAt(after)))) return false;
  }
  const host = text.slice(start, end);
  return isDomain(host) || (host.length <= 15 && ADDRESS.test(host) && !PRIVATE_ADDRESS.test(host));
}

/**
 * Whether a text without white space is a web or mail address: `scheme://` and `user@` may stand before the host, a port
 * and a path behind it. The time is linear in the length, which backtracking over user parts would not be.
 */
export function isUrl(text: string): boolean {
  // Every address has a dot inside its host.
  if (!text.includes('.')) return false;
  const colon = text.indexOf('://');
  const afterScheme = colon >= 2 && SCHEME.test(text.slice(0, colon)) ? colon + 3 : -1;
  if (hostMatches(text, 0) || (afterScheme > 0 && hostMatches(text, afterScheme))) return true;
  for (let at = text.indexOf('@', 1); at >= 0; at = text.indexOf('@', at + 1)) if (hostMatches(text, at + 1)) return true;
  return false;
}
