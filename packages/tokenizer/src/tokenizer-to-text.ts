import type { ModelJson } from './tokenizer-json.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * The tokenizer.json file of `tokenizer`: byte for byte what Hugging Face `tokenizers` writes when it loads and saves it again
 * (two spaces of indent, its order of keys, the vocabulary by id, merges as pairs, no `\u` for letters, no final line break).
 */
export function tokenizerToText(tokenizer: Pick<Tokenizer, 'toJSON'>): string {
  const { model, post_processor, decoder, ...before } = tokenizer.toJSON();
  const head = { ...before, post_processor: sortTemplates(post_processor), decoder };
  return [openObject(JSON.stringify(head, null, 2)), `  "model": {\n${modelFields(model).join(',\n')}\n  }`, '}'].join('\n');
}

/** The fields of the model in the reference's order, a line or more each. */
function modelFields(model: ModelJson): string[] {
  const field = (name: string, value: unknown): string => `    ${JSON.stringify(name)}: ${indent(indent(JSON.stringify(value, null, 2)))}`;
  if (model.type === 'Unigram') {
    const vocab = model.vocab.map(([token, score]) => `      [\n        ${JSON.stringify(token)},\n        ${float(score)}\n      ]`);
    return [field('type', model.type), field('unk_id', model.unk_id), `    "vocab": ${vocab.length === 0 ? '[]' : `[\n${vocab.join(',\n')}\n    ]`}`, field('byte_fallback', model.byte_fallback)];
  }
  const { vocab } = model;
  const tokens = Object.keys(vocab).sort((a, b) => vocab[a]! - vocab[b]!);
  const lines = tokens.map((token) => `      ${JSON.stringify(token)}: ${vocab[token]}`);
  // The only kind whose vocabulary is not the last but one, or the last.
  const order = model.type === 'WordLevel' ? ['type', 'vocab', 'unk_token'] : Object.keys(model);
  return order.map((name) => (name === 'vocab' ? `    "vocab": ${lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n    }`}` : field(name, (model as unknown as Record<string, unknown>)[name])));
}

/** A number as Rust writes a float: with a point, or with an exponent where it is small or large. */
function float(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-5 || size >= 1e16)) return value.toExponential().replace('e+', 'e');
  return Number.isInteger(value) ? `${Object.is(value, -0) ? '-0' : value}.0` : String(value);
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
