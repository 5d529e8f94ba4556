/** Columns padded to line up: text to the left, what looks like a number to the right, two spaces between. */
export function plainTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [header, ...rows.map((row) => row.map(String))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const isNumber = header.map((_, column) => rows.every((row) => /^[-\d.e+]+( %)?$/.test(String(row[column]))));
  const line = (row: readonly string[]): string => row.map((cell, column) => (isNumber[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  ').trimEnd();
  return cells.map(line).join('\n');
}
