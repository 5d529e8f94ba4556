import { type Aligned, mapped, prepended, sliced } from '../aligned/aligned-text.ts';
import { bytesToToken } from '../byte-level.ts';
import { gpt2Split } from '../gpt2-split.ts';
import type { ByteLevelJson } from '../tokenizer-json.ts';
import { scanner } from './scanner.ts';
import { pieces } from '../aligned/stretches.ts';

const utf8 = new TextEncoder();

/** Each byte of the text as a visible character. */
export function visibleBytes(text: Aligned): Aligned {
  return mapped(text, (char) => bytesToToken(utf8.encode(char)));
}

/** GPT-2's split, and bytes as visible characters. */
export function byteLevel({ add_prefix_space: space, use_regex: splits }: ByteLevelJson): (piece: Aligned) => Aligned[] {
  const pattern = scanner(gpt2Split);
  return (piece) => {
    const text = space && !piece.text.startsWith(' ') ? prepended(piece, ' ') : piece;
    const parts = splits ? pieces(pattern(text.text), 'Isolated').map(({ from, to }) => sliced(text, from, to)) : [text];
    return parts.map(visibleBytes);
  };
}
