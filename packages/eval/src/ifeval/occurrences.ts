import { pythonRegex } from '../regex/python-regex.ts';
import { SPACE } from './python-text.ts';

const WORD = '[\\p{L}\\p{N}_]';
const BOUNDARY = `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`;
const NATIVE: Readonly<Record<string, string>> = { '\\b': BOUNDARY, '\\s?': `${SPACE}?`, '\\d+': '\\p{Nd}+' };

/**
 * How often a pattern is found, without overlaps. The words that IFEval's data asks for are patterns of Python; the plain ones among them, nearly all,
 * are left to the engine, which is a hundred times as fast. `before` and `after` are patterns around it.
 */
export function occurrences(text: string, pattern: string, { before = [], after = [], ignoreCase = false }: { readonly before?: readonly string[]; readonly after?: readonly string[]; readonly ignoreCase?: boolean } = {}): number {
  if (/[\\^$.*+?()[\]{}|]/.test(pattern)) return pythonRegex((ignoreCase ? '(?i)' : '') + before.join('') + pattern + after.join('')).findAll(text).length;
  const native = (parts: readonly string[]): string => parts.map((part) => NATIVE[part]!).join('');
  // A slash is no syntax, and a hyphen is one within brackets only.
  return text.match(new RegExp(native(before) + pattern + native(after), ignoreCase ? 'giu' : 'gu'))?.length ?? 0;
}
