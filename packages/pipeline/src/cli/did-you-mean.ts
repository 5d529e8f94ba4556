/** Edits (insert, remove, replace, swap two neighbours) that turn `a` into `b`. Damerau 1964, as optimal string alignment. */
export function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = least;
    }
  }
  return rows[a.length]![b.length]!;
}

/** The known name that `typed` was probably meant to be, or undefined where none is near. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(typed.length / 3)) + 1;
  for (const name of known) {
    const prefix = typed.length >= 3 && name.startsWith(typed);
    const distance = prefix ? 0 : editDistance(typed.slice(0, 64), name);
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

/** ` Did you mean x?` where something is near, otherwise nothing. */
export function didYouMean(typed: string, known: readonly string[], prefix = ''): string {
  const found = nearest(typed, known);
  return found === undefined ? '' : ` Did you mean ${prefix}${found}?`;
}
