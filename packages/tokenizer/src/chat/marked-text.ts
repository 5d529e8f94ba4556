/**
 * A text that remembers where its parts come from. A plain string was written by the template; marks tell what was copied from the
 * conversation, and what the assistant says. Marks follow their characters through whatever the template does with them, so they
 * can't be forged by what a message says, as characters put into the text could be.
 */
export type Text = string | MarkedText;

export interface MarkedText {
  readonly kind: 'text';
  readonly text: string;
  /** In order of `from` for each kind. */
  readonly marks: readonly Mark[];
}

export interface Mark {
  readonly from: number;
  readonly to: number;
  readonly kind: 'content' | 'assistant';
}

/** The characters of a text. */
export function charactersOf(text: Text): string {
  return typeof text === 'string' ? text : text.text;
}

/** The marks of a text. */
export function marksOf(text: Text): readonly Mark[] {
  return typeof text === 'string' ? [] : text.marks;
}

/** The same characters, all marked. */
export function markAll(text: Text, kind: Mark['kind']): Text {
  const characters = charactersOf(text);
  const others = marksOf(text).filter((mark) => mark.kind !== kind || kind === 'assistant');
  return characters === '' ? '' : marked(characters, [...others, { from: 0, to: characters.length, kind }]);
}

/** Texts put one after another; marks of content that touch become one. */
export function concatTexts(parts: readonly Text[]): Text {
  let at = 0;
  let content: Mark | undefined;
  const marks: Mark[] = [];
  for (const part of parts) {
    for (const { from, to, kind } of marksOf(part)) {
      if (kind === 'content' && content?.to === at + from) {
        const merged: Mark = { from: content.from, to: at + to, kind };
        marks[marks.lastIndexOf(content)] = merged;
        content = merged;
        continue;
      }
      const mark: Mark = { from: at + from, to: at + to, kind };
      if (kind === 'content') content = mark;
      marks.push(mark);
    }
    at += charactersOf(part).length;
  }
  return marked(parts.map(charactersOf).join(''), marks);
}

/** The part `[from, to)` of a text, in UTF-16 units. */
export function sliceText(text: Text, from: number, to: number): Text {
  if (typeof text === 'string') return text.slice(from, to);
  const marks: Mark[] = [];
  for (const mark of text.marks) {
    const start = Math.max(mark.from, from);
    const end = Math.min(mark.to, to);
    if (start < end) marks.push({ from: start - from, to: end - from, kind: mark.kind });
  }
  return marked(text.text.slice(from, to), marks);
}

/** What a function makes of a text: with the marks where it kept the length, marked all over where it did not. */
export function rewriteText(text: Text, rewritten: string): Text {
  if (typeof text === 'string' || text.marks.length === 0) return rewritten;
  if (rewritten.length === text.text.length) return marked(rewritten, text.marks);
  return [...new Set(text.marks.map(({ kind }) => kind))].reduce<Text>(markAll, rewritten);
}

/** What a function that treats characters one by one makes of a text: the stretches between marks are rewritten apart. */
export function rewritePieces(text: Text, rewrite: (characters: string) => string): Text {
  if (typeof text === 'string') return rewrite(text);
  const cuts = [...new Set([0, text.text.length, ...text.marks.flatMap(({ from, to }) => [from, to])])].sort((a, b) => a - b);
  const moved = new Map<number, number>([[0, 0]]);
  let rewritten = '';
  for (let i = 1; i < cuts.length; i++) {
    rewritten += rewrite(text.text.slice(cuts[i - 1], cuts[i]));
    moved.set(cuts[i]!, rewritten.length);
  }
  return marked(rewritten, text.marks.map(({ from, to, kind }) => ({ from: moved.get(from)!, to: moved.get(to)!, kind })));
}

function marked(text: string, marks: readonly Mark[]): Text {
  return marks.length === 0 ? text : { kind: 'text', text, marks };
}
