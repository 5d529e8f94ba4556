import { type MaskView, runsOf } from './mask-view.ts';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' };

/** Text as it may stand between HTML tags and in attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char]!);
}

/**
 * An example as a piece of HTML: a `<pre class="mask">` in which what is learned stands in `<mark>`, with its weight as a title where
 * that is not 1. All text is escaped.
 */
export function maskToHtml(view: MaskView): string {
  const body = runsOf(view).map(({ text, weight }) => {
    if (weight === 0) return `<span>${escapeHtml(text)}</span>`;
    return `<mark${weight === 1 ? '' : ` title="weight ${weight}"`}>${escapeHtml(text)}</mark>`;
  }).join('');
  return `<pre class="mask" data-trained="${view.trained}" data-total="${view.total}">${body}</pre>`;
}
