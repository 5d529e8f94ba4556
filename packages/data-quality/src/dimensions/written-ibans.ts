const START = /\bIBAN:?\s{0,3}([A-Z]{2}\d{2})/g;
const MOST_GROUPS = 8;
const GROUP = 4;
const LEAST_UNITS = 3;

const isCapitalOrDigit = (unit: number): boolean => (unit >= 0x30 && unit <= 0x39) || (unit >= 0x41 && unit <= 0x5a);
const isWord = (unit: number): boolean => isCapitalOrDigit(unit) || (unit >= 0x61 && unit <= 0x7a) || unit === 0x5f;

/** Where groups of one to four capitals and digits end, each perhaps after a space, at least 3 units of them and at most 8 groups; undefined where there are none. */
function endOfGroups(text: string, start: number): number | undefined {
  let end: number | undefined;
  let groups = 0;
  let units = 0;
  for (let at = start; ;) {
    const from = text[at] === ' ' ? at + 1 : at;
    at = from;
    while (at - from <= MOST_GROUPS * GROUP && isCapitalOrDigit(text.charCodeAt(at))) at++;
    groups += Math.ceil((at - from) / GROUP);
    units += at - from;
    if (at === from || groups > MOST_GROUPS) return end;
    if (units >= LEAST_UNITS && !isWord(text.charCodeAt(at))) end = at;
  }
}

/** What is written after `IBAN` in the form of one, without its spaces: what /\bIBAN:?\s{0,3}([A-Z]{2}\d{2}(?: ?[A-Z\d]{1,4}){3,8})\b/ matches, in linear time. */
export function writtenIbans(text: string): string[] {
  const found: string[] = [];
  const pattern = new RegExp(START);
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const end = endOfGroups(text, pattern.lastIndex);
    if (end === undefined) {
      // Another may begin inside of what is none.
      pattern.lastIndex = match.index + 1;
      continue;
    }
    found.push(text.slice(pattern.lastIndex - GROUP, end).replaceAll(' ', ''));
    pattern.lastIndex = end;
  }
  return found;
}
