/** How comments and strings are written. */
export type CommentStyle = 'c' | 'python' | 'hash' | 'none';

const STYLES: Record<string, CommentStyle> = {
  ...Object.fromEntries(['c', 'h', 'cc', 'cpp', 'hpp', 'cs', 'java', 'js', 'mjs', 'cjs', 'jsx', 'ts', 'mts', 'cts', 'tsx', 'go', 'rs', 'swift', 'kt', 'scala', 'php', 'css', 'scss', 'dart', 'zig'].map((name) => [name, 'c' as const])),
  ...Object.fromEntries(['py', 'pyi'].map((name) => [name, 'python' as const])),
  ...Object.fromEntries(['sh', 'bash', 'rb', 'pl', 'r', 'jl', 'yaml', 'yml', 'toml', 'cmake', 'mk'].map((name) => [name, 'hash' as const])),
};

/** By the ending of a file's name; `none` for one that is not known. */
export function commentStyleOf(name: string): CommentStyle {
  return STYLES[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? 'none';
}

// One comment, string, or triple-quoted string at a time, so that marks inside the others do not count.
const C_PATTERN = /\/\/([^\n]*)|\/\*([^]*?)(?:\*\/|$)|"(?:[^"\\\n]|\\[^])*"?|'(?:[^'\\\n]|\\[^])*'?|`(?:[^`\\]|\\[^])*`?/g;
const HASH_PATTERN = /#([^\n]*)|("""|''')([^]*?)(?:\2|$)|"(?:[^"\\\n]|\\[^])*"?|'(?:[^'\\\n]|\\[^])*'?/g;

/** Length in UTF-16 units of what comments say, without the marks; for Python that of strings that stand alone as well. */
export function commentLength(source: string, style: CommentStyle): number {
  if (style === 'none') return 0;
  let length = 0;
  if (style === 'c') for (const [, line, block] of source.matchAll(C_PATTERN)) length += (line ?? block ?? '').length;
  else for (const { 1: line, 3: triple, index } of source.matchAll(HASH_PATTERN)) {
    if (line !== undefined) length += line.length;
    else if (triple !== undefined && style === 'python' && /(?:^|\n)[ \t]*$/.test(source.slice(Math.max(0, index - 200), index))) length += triple.length;
  }
  return length;
}
