/** Whether a path is meant as a pattern. */
export const isPattern = (path: string): boolean => /[*?{]/.test(path);

/** The folder above the first part of a pattern that has a wildcard, '.' where that is the first. */
export function folderOfPattern(pattern: string): string {
  const parts = pattern.split('/');
  const fixed = parts.slice(0, parts.findIndex(isPattern));
  return fixed.length === 0 ? '.' : fixed.join('/') || '/';
}

/** `{a,b}` written out, at most 64 patterns; braces inside braces are not taken apart. */
function alternatives(pattern: string): string[] {
  let patterns = [pattern];
  for (;;) {
    const next = patterns.flatMap((each) => {
      const found = /\{([^{}]*)\}/.exec(each);
      return found ? (found[1] as string).split(',').map((choice) => each.slice(0, found.index) + choice + each.slice(found.index + found[0].length)) : [each];
    });
    if (next.length > 64) throw new RangeError(`readDocuments: expected a pattern of at most 64 alternatives but found ${next.length} in ${pattern}. Use fewer braces.`);
    if (next.length === patterns.length && next.every((each, i) => each === patterns[i])) return patterns;
    patterns = next;
  }
}

/** Matches items against a pattern in which some match any run of items: the last such place is the only one to go back to. */
function matches<P, T>(pattern: readonly P[], items: readonly T[], { isRun, fits }: { isRun: (part: P) => boolean; fits: (part: P, item: T) => boolean }): boolean {
  let p = 0;
  let i = 0;
  let run = -1;
  let from = 0;
  while (i < items.length) {
    if (p < pattern.length && isRun(pattern[p] as P)) {
      run = p++;
      from = i;
    } else if (p < pattern.length && fits(pattern[p] as P, items[i] as T)) {
      p++;
      i++;
    } else if (run >= 0) {
      p = run + 1;
      i = ++from;
    } else return false;
  }
  while (p < pattern.length && isRun(pattern[p] as P)) p++;
  return p === pattern.length;
}

/** `[abc]`, `[0-9]` and `[!a]` as one character of a pattern. */
function inClass(set: string, char: string): boolean {
  const negated = set[1] === '!' || set[1] === '^';
  const members = [...set.slice(negated ? 2 : 1, -1)];
  let found = false;
  for (let i = 0; i < members.length; i++) {
    const from = members[i] as string;
    const to = members[i + 1] === '-' && i + 2 < members.length ? (members[i += 2] as string) : from;
    if (char >= from && char <= to) found = true;
  }
  return found !== negated;
}

const fitsChar = (part: string, char: string): boolean => part === '?' || part === char || (part.length > 2 && part[0] === '[' && inClass(part, char));

/**
 * A test of paths with `/` between their parts: `*` and `?` inside a part, `**` for any number of parts, `{a,b}`, and with `classes`
 * one character of `[0-9]`. Time is at most the product of the two lengths.
 */
export function globMatcher(pattern: string, { classes = false }: { classes?: boolean } = {}): (path: string) => boolean {
  const plain = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');
  const patterns = alternatives(pattern).map((each) => plain(each).map((part) => ({ any: part === '**', chars: classes ? (part.match(/\[[!^]?\]?[^\]]*\]|[^]/gu) ?? []) : [...part] })));
  const nameFits = (chars: readonly string[], name: string): boolean => matches(chars, [...name], { isRun: (char) => char === '*', fits: fitsChar });
  return (path) => patterns.some((parts) => matches(parts, plain(path), { isRun: (part) => part.any, fits: (part, name) => nameFits(part.chars, name) }));
}
