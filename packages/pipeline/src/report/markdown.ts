import { escapeHtml } from './html.ts';

/** Text in Markdown that stays text: no markup, no link, no HTML, no control characters, on one line. */
export function escapeMarkdown(text: string): string {
  return escapeHtml(text.replace(/[\\`*_{}[\]()#+!|~]/g, '\\$&')).replace(/\s*[\r\n]\s*/g, ' ');
}

/** A table; cells are escaped. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  return [line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** A block of code that ends where it should, whatever stands in it. */
export function markdownCode(code: string, language = ''): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  // eslint-disable-next-line no-control-regex -- removing control characters is the purpose
  return `${fence}${language}\n${code.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '�')}\n${fence}`;
}
