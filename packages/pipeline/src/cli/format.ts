/** Numbers for people, the same under every locale. */

/** `1234567` → `1,234,567`. */
export function count(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** Three significant digits with k, M, G or T: `2.51 M`. */
export function short(value: number): string {
  for (const [unit, size] of [['T', 1e12], ['G', 1e9], ['M', 1e6], ['k', 1e3]] as const) {
    if (Math.abs(value) >= size) return `${digits(value / size)} ${unit}`;
  }
  return digits(value);
}

/** Bytes with binary units: `1.50 MiB`. */
export function bytes(value: number): string {
  for (const [unit, size] of [['TiB', 2 ** 40], ['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]] as const) {
    if (Math.abs(value) >= size) return `${digits(value / size)} ${unit}`;
  }
  return `${value} B`;
}

/** `75` → `1m15s`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m${String(s % 60).padStart(2, '0')}s`;
  return `${Math.floor(s / 3600)}h${String(Math.floor((s % 3600) / 60)).padStart(2, '0')}m`;
}

/** Three significant digits without an exponent where that stays short. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1000) return String(value);
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 0.1) return value.toFixed(size >= 1 ? 2 : 3);
  return size === 0 ? '0' : value.toExponential(1);
}

/** A share with so many decimals: `12.5 %`; `-` where there is nothing to be a share of. */
export function percent(share: number, decimals = 1): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(decimals)} %` : '-';
}

/** Columns padded to line up, text to the left and numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => [...row[column] ?? ''].length)));
  const right = header.map((_, column) => rows.length > 0 && rows.every((row) => /^[-+≤≥ ]*[\d.,]+(e[-+]\d+)?( ?(%|s|[kMGT]|[KMGT]?i?B))?$|^-?$/.test(row[column] ?? '')));
  const pad = (cell: string, column: number): string => {
    const space = ' '.repeat(Math.max(0, widths[column]! - [...cell].length));
    return right[column] ? space + cell : cell + space;
  };
  return all.map((row) => header.map((_, column) => pad(row[column] ?? '', column)).join('  ').trimEnd()).join('\n');
}
