import type { Json } from './checkpoint/manifest.ts';

/** What differs between two configurations, as sentences: `optimizer.lr: 0.001, was 0.002`. The order of keys does not count. */
export function configChanges(now: Json | undefined, before: Json | undefined, path: string = ''): string[] {
  if (isRecord(now) && isRecord(before)) {
    return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((key) => configChanges(now[key], before[key], path === '' ? key : `${path}.${key}`));
  }
  if (Array.isArray(now) && Array.isArray(before) && now.length === before.length) return now.flatMap((item: Json, i) => configChanges(item, before[i] as Json, `${path}[${i}]`));
  const [a, b] = [text(now), text(before)];
  return a === b ? [] : [`${path || 'configuration'}: ${a}, was ${b}`];
}

/** The configuration as text that is the same for the same content, whatever the order of keys: to be hashed. */
export function canonicalText(value: Json): string {
  return JSON.stringify(value, (_key, item: Json) => (isRecord(item) ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1))) : item));
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: Json | undefined): string {
  const full = value === undefined ? 'not there' : JSON.stringify(value);
  return full.length <= 80 ? full : `${full.slice(0, 79)}…`;
}
