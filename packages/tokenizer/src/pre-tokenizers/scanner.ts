import { between, type Pattern } from '../aligned/stretches.ts';
import type { Split } from '../split.ts';

/** A scanner over bytes as a pattern over text: every piece is a match. */
export function scanner(split: Split): Pattern {
  return (text) => between(text, function* found() {
    let at = 0;
    for (const piece of split.split(text)) {
      yield { from: at, to: at + piece.length };
      at += piece.length;
    }
  }());
}
