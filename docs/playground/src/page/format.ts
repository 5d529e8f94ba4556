const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** 12,345 */
export const count = (value: number): string => whole.format(value);

/** 599 thousand, 1.2 million */
export function short(value: number): string {
  if (value < 10_000) return count(value);
  return value < 1e6 ? `${count(value / 1e3)} thousand` : `${(value / 1e6).toFixed(value < 1e7 ? 1 : 0)} million`;
}

/** 94 KB, 2.4 MB */
export function size(bytes: number): string {
  if (bytes < 1e6) return `${count(Math.ceil(bytes / 1e3))} KB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** 8 s, 1 min 20 s, 3 h 5 min */
export function duration(seconds: number): string {
  const rounded = Math.max(0, Math.round(seconds));
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  return `${Math.floor(rounded / 3600)} h ${Math.round((rounded % 3600) / 60)} min`;
}

/** 0:08, 1:20, 3:05:00 */
export function clock(seconds: number): string {
  const rounded = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(rounded / 3600), Math.floor(rounded / 60) % 60];
  return `${hours === 0 ? minutes : `${hours}:${two(minutes)}`}:${two(rounded % 60)}`;
}

/** 62 %, 4.1 %, under 0.1 % */
export function percent(share: number): string {
  if (share < 0.001) return '< 0.1 %';
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

/** A token in quotes, its white space made visible. */
export function visible(text: string): string {
  return text.replaceAll('\n', '↵').replaceAll('\t', '⇥').replaceAll(' ', '␣');
}
