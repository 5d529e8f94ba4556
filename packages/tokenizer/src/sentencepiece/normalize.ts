import { type Aligned, sizeAt } from '../aligned/aligned-text.ts';
import { trieOf } from '../models/piece-trie.ts';
import { readCharsmap } from '../normalizers/charsmap.ts';
import type { ModelProto } from './model-proto.ts';

const BLANK = '\u2581';
const LONE_SURROGATES = /[\ud800-\udfff]/gu;

/**
 * The normalization of SentencePiece: at each place the longest key of the charsmap, but user-defined pieces as they are; blanks at the
 * ends and blanks behind blanks left out where the model says so; a blank in front; and every blank as ▁.
 *
 * Kudo and Richardson 2018, https://arxiv.org/abs/1808.06226
 */
export function pieceNormalizer({ pieces, charsmap, addDummyPrefix, removeExtraWhitespaces }: ModelProto): (text: Aligned) => Aligned {
  const map = charsmap && readCharsmap(charsmap, 'readSentencePiece');
  const userDefined = pieces.filter(({ type }) => type === 4).map(({ piece }) => piece);
  const defined = userDefined.length > 0 ? trieOf(userDefined) : undefined;
  const utf8 = new TextEncoder();

  return (before) => {
    const given = before.text.replace(LONE_SURROGATES, '\ufffd');
    const bytes = map && utf8.encode(given);
    let byte = 0;
    let text = '';
    // The unit of the given text that each unit of the result comes from, and the one behind.
    const from: number[] = [];
    const to: number[] = [];
    let previousBlank = removeExtraWhitespaces;
    let started = false;
    const put = (part: string, start: number, end: number): void => {
      text += part;
      if (before.from === undefined) return;
      for (let i = 0; i < part.length; i++) {
        from.push(before.from[start]!);
        to.push(before.to![end - 1]!);
      }
    };
    for (let at = 0; at < given.length;) {
      let end = at;
      let part: string | undefined;
      defined?.(given, at, (found) => (end = found));
      if (end === at && map) {
        let longest: { readonly length: number; readonly value: number } | undefined;
        for (const key of map.keys(bytes!, byte)) longest = key;
        if (longest) {
          part = map.textAt(longest.value);
          for (let left = longest.length; left > 0 && end < given.length; end += sizeAt(given, end)) left -= bytesAt(given, end);
        }
      }
      if (end === at) end += sizeAt(given, at);
      part ??= given.slice(at, end);
      // Blanks at the beginning, each of them a step of its own.
      if (started || !removeExtraWhitespaces || part !== ' ') {
        if (!started && addDummyPrefix) put(BLANK, at, at + sizeAt(given, at));
        started = true;
        if (previousBlank) part = part.replace(/^ +/, '');
        if (part !== '') previousBlank = part.endsWith(' ');
        if (!removeExtraWhitespaces) previousBlank = false;
        put(part.replaceAll(' ', BLANK), at, end);
      }
      if (map) for (; at < end; at += sizeAt(given, at)) byte += bytesAt(given, at);
      at = end;
    }
    let size = text.length;
    if (removeExtraWhitespaces) while (size > 0 && text[size - 1] === BLANK) size--;
    text = text.slice(0, size);
    if (before.from === undefined) return { text, from: undefined, to: undefined };
    return { text, from: Uint32Array.from(from.slice(0, size)), to: Uint32Array.from(to.slice(0, size)) };
  };
}

function bytesAt(text: string, at: number): number {
  const code = text.codePointAt(at)!;
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}
