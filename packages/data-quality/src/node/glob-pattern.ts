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
function matches<T>(pattern: readonly T[], items: readonly T[], { isRun, fits }: { isRun: (part: T) => boolean; fits: (part: T, item: T) => boolean }): boolean {
  let p = 0;
  let i = 0;
  let run = -1;
  let from = 0;
  while (i < items.length) {
    if (p < pattern.length && isRun(pattern[p] as T)) {
      run = p++;
      from = i;
    } else if (p < pattern.length && fits(pattern[p] as T, items[i] as T)) {
      p++;
      i++;
    } else if (run >= 0) {
      p = run + 1;
      i = ++from;
    } else return false;
  }
  while (p < pattern.length && isRun(pattern[p] as T)) p++;
  return p === pattern.length;
}

const nameFits = (pattern: string, name: string): boolean => matches([...pattern], [...name], { isRun: (part) => part === '*', fits: (part, char) => part === '?' || part === char });

/**
 * A test of paths with `/` between their parts: `*` and `?` inside a part, `**` for any number of parts, `{a,b}`. Time is at
 * most the product of the two lengths.
 */
export function globMatcher(pattern: string): (path: string) => boolean {
  const plain = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');
  const patterns = alternatives(pattern).map(plain);
  return (path) => patterns.some((parts) => matches(parts, plain(path), { isRun: (part) => part === '**', fits: nameFits }));
}
