import { sizeAt } from '../aligned/aligned-text.ts';
import { between, type Pattern } from '../aligned/stretches.ts';
import { referenceClass, WORD } from '../reference-classes.ts';

/** `\w+|[^\w\s]+` as Rust reads it: words, and runs of what is neither word nor white space. */
export const words: Pattern = (text) => between(text, runs(text));

function* runs(text: string): Generator<{ from: number; to: number }> {
  let from = 0;
  let last = SPACE;
  for (let at = 0; at < text.length; at += sizeAt(text, at)) {
    const kind = kindOf(text.codePointAt(at)!);
    if (kind === last) continue;
    if (last !== SPACE) yield { from, to: at };
    from = at;
    last = kind;
  }
  if (last !== SPACE) yield { from, to: text.length };
}

const SPACE = -1;

function kindOf(code: number): number {
  const word = referenceClass(code) & WORD;
  return word === 0 && /\p{White_Space}/u.test(String.fromCodePoint(code)) ? SPACE : word;
}
