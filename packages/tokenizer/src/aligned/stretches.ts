import type { Behavior } from '../tokenizer-json.ts';
import { sizeAt, type Stretch } from './aligned-text.ts';

/** Cuts a text into matches and what lies between them, in order and without gaps. */
export type Pattern = (text: string) => Stretch[];

/** Each character that `test` accepts is a match of its own. */
export function characters(test: (char: string) => boolean): Pattern {
  return (text) => {
    const found: Stretch[] = [];
    let done = 0;
    for (let at = 0; at < text.length;) {
      const end = at + sizeAt(text, at);
      if (test(text.slice(at, end))) {
        if (done < at) found.push({ from: done, to: at, match: false });
        found.push({ from: at, to: end, match: true });
        done = end;
      }
      at = end;
    }
    if (done < text.length) found.push({ from: done, to: text.length, match: false });
    return found;
  };
}

/** Each occurrence of a text, from the left. */
export function literal(wanted: string): Pattern {
  return (text) => between(text, function* occurrences() {
    if (wanted === '') return;
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) yield { from: at, to: at + wanted.length };
  }());
}

/** Matches in order, with the stretches between them. */
export function between(text: string, matches: Iterable<{ readonly from: number; readonly to: number }>): Stretch[] {
  const found: Stretch[] = [];
  let done = 0;
  for (const { from, to } of matches) {
    if (done < from) found.push({ from: done, to: from, match: false });
    found.push({ from, to, match: true });
    done = to;
  }
  if (done < text.length) found.push({ from: done, to: text.length, match: false });
  return found;
}

/** What was a match is what lies between, and the other way round. */
export function inverted(pattern: Pattern): Pattern {
  return (text) => pattern(text).map(({ from, to, match }) => ({ from, to, match: !match }));
}

/** The pieces that are left of a text. */
export function pieces(stretches: readonly Stretch[], behavior: Behavior): { readonly from: number; readonly to: number }[] {
  switch (behavior) {
    case 'Isolated': return stretches.map(({ from, to }) => ({ from, to }));
    case 'Removed': return stretches.filter(({ match }) => !match);
    case 'Contiguous': return joined(stretches, (now, last) => now.match === last.match);
    case 'MergedWithPrevious': return joined(stretches, (now, last) => now.match && !last.match);
    // Seen from behind: a match joins what follows, if that is none itself.
    case 'MergedWithNext': return joined(stretches.toReversed().map(mirrored), (now, last) => now.match && !last.match).toReversed().map(mirrored);
  }
}

const mirrored = <T extends { readonly from: number; readonly to: number }>(stretch: T): T => ({ ...stretch, from: -stretch.to, to: -stretch.from });

function joined(stretches: readonly Stretch[], joins: (now: Stretch, last: Stretch) => boolean): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  stretches.forEach((now, i) => {
    if (i > 0 && joins(now, stretches[i - 1]!)) found.at(-1)!.to = now.to;
    else found.push({ from: now.from, to: now.to });
  });
  return found;
}
