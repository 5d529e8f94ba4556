/** Markup that was made by `html` and needs no escaping again. */
export interface Html {
  readonly markup: string;
}

type Part = string | number | Html | undefined | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as HTML, in attributes too; control characters, which could hide or reorder it, are made visible. */
export function escapeHtml(text: string): string {
  return text
    // eslint-disable-next-line no-control-regex -- removing control characters is the purpose
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '�')
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

function markupOf(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  if ('markup' in part) return part.markup;
  return part.map(markupOf).join('');
}

/** A template whose every value is escaped, unless it is the result of `html` itself. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return { markup: strings.map((text, i) => text + markupOf(values[i])).join('') };
}

/** A table; cells are escaped. */
export function htmlTable(header: readonly string[], rows: readonly (readonly Part[])[]): Html {
  return html`<div class="scroll"><table><thead><tr>${header.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead><tbody>${
    rows.map((row) => html`<tr>${row.map((cell, i) => (i === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))}</tr>`)
  }</tbody></table></div>`;
}
