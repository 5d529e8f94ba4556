import { type MaskView, runsOf } from './mask-view.ts';

/** Control characters, which a terminal would obey, but the line feed. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * An example for a terminal: what is learned green, what weighs other than 1 yellow, what is only read dim. Control characters of the
 * text are written out, so that none of it is obeyed.
 */
export function maskToAnsi(view: MaskView): string {
  const body = runsOf(view).map(({ text, weight }) => {
    const colour = weight === 0 ? '2' : weight === 1 ? '32' : '33';
    // Colours are closed before each line feed: pagers colour line by line.
    return visible(text).split('\n').map((line) => (line === '' ? '' : `\u001b[${colour}m${line}\u001b[0m`)).join('\n');
  }).join('');
  return `${body}\n${view.trained} of ${view.total} tokens are learned`;
}

function visible(text: string): string {
  return text.replace(CONTROL, (char) => (char === '\t' ? '→' : `\\u{${char.charCodeAt(0).toString(16)}}`));
}
