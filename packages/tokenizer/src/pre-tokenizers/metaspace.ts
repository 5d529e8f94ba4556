import { type Aligned, prepended, replaced, sliced } from '../aligned/aligned-text.ts';
import { literal, pieces } from '../aligned/stretches.ts';
import type { MetaspaceJson } from '../tokenizer-json.ts';

/**
 * Blanks as visible characters, one in front of the text, and a piece from each one on. With `first` only what begins where the given
 * text does gets one in front: for that the text must know its places.
 */
export function metaspace({ replacement, prepend_scheme: scheme, split }: MetaspaceJson): (piece: Aligned) => Aligned[] {
  const blanks = literal(' ');
  const marks = literal(replacement);
  return (piece) => {
    let text = replaced(piece, blanks(piece.text), replacement);
    if ((scheme === 'always' || (scheme === 'first' && piece.from?.[0] === 0)) && !text.text.startsWith(replacement)) text = prepended(text, replacement);
    return split ? pieces(marks(text.text), 'MergedWithNext').map(({ from, to }) => sliced(text, from, to)) : [text];
  };
}
