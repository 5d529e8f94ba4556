import type { Tokenizer } from './tokenizer.ts';

/**
 * The tokenizer.json file of `tokenizer`: byte for byte what Hugging Face `tokenizers` writes when it loads and saves it again
 * (two spaces of indent, its order of keys, the vocabulary by id, merges as pairs, no `\u` for letters, no final line break).
 */
export function tokenizerToText(tokenizer: Pick<Tokenizer, 'toJSON'>): string {
  const { model, post_processor, ...rest } = tokenizer.toJSON();
  const { vocab, merges, ...options } = model;
  const { decoder, ...before } = rest;
  const head = { ...before, post_processor: sortTemplates(post_processor), decoder };
  const tokens = Object.keys(vocab).sort((a, b) => vocab[a]! - vocab[b]!);
  const lines = tokens.map((token) => `      ${JSON.stringify(token)}: ${vocab[token]}`);
  return [
    openObject(JSON.stringify(head, null, 2)),
    '  "model": ' + openObject(indent(JSON.stringify(options, null, 2))),
    `    "vocab": {\n${lines.join(',\n')}\n    },`,
    `    "merges": ${indent(indent(JSON.stringify(merges, null, 2)))}`,
    '  }',
    '}',
  ].join('\n');
}

// Leaves off the closing brace, so that more fields can follow.
function openObject(text: string): string {
  return text.slice(0, text.lastIndexOf('\n')) + ',';
}

// Line breaks inside strings are escaped, so every real one ends a line of JSON.
function indent(text: string): string {
  return text.replaceAll('\n', '\n  ');
}

// Hugging Face keeps `special_tokens` of a template in the order of their UTF-8 bytes.
function sortTemplates<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) =>
    key === 'special_tokens' ? sortKeys(inner as Record<string, unknown>) : inner,
  ) as T;
}

function sortKeys(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => compareCodePoints(a, b)));
}

function compareCodePoints(a: string, b: string): number {
  const left = Array.from(a, (char) => char.codePointAt(0)!);
  const right = Array.from(b, (char) => char.codePointAt(0)!);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) return left[i]! - right[i]!;
  }
  return left.length - right.length;
}
