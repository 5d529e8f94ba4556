import { cl100kSplit, llama3Split, qwen2Split } from './cl100k-split.ts';
import { gpt2Split } from './gpt2-split.ts';
import { arrayAt, booleanAt, field, integerAt, objectAt, stringAt, unsupported, wrong } from './json-fields.ts';
import type { Split } from './split.ts';
import { shown, TokenizerError } from './tokenizer-error.ts';
import type {
  ByteLevelJson,
  NormalizerJson,
  PostProcessorJson,
  PreTokenizerJson,
  SplitJson,
  TemplateJson,
  TemplatePieceJson,
} from './tokenizer-json.ts';

// The patterns that have a scanner. A regular expression from a file is never run: it could take forever.
const KNOWN_SPLITS: readonly Split[] = [gpt2Split, cl100kSplit, llama3Split, qwen2Split];

/** Checks `normalizer`: none, or NFC. */
export function readNormalizer(value: unknown): NormalizerJson | null {
  if (value === null || value === undefined) return null;
  const fields = objectAt(value, 'normalizer');
  const type = field(fields, 'type');
  if (type === 'NFC') return { type };
  const supported = 'null, NFC, or a Sequence of NFC';
  if (type !== 'Sequence') throw unsupported('normalizer.type', type, supported);
  const steps = arrayAt(field(fields, 'normalizers'), 'normalizer.normalizers');
  if (steps.length > 16) throw unsupported('normalizer', `a Sequence of ${steps.length}`, supported);
  const normalizers = steps.map((step, i) => {
    const inner = field(objectAt(step, `normalizer.normalizers[${i}]`), 'type');
    if (inner !== 'NFC') throw unsupported(`normalizer.normalizers[${i}].type`, inner, '"NFC"');
    return { type: 'NFC' as const };
  });
  return { type, normalizers };
}

/** Checks `pre_tokenizer`: ByteLevel, or a Split by a known pattern followed by ByteLevel. */
export function readPreTokenizer(value: unknown): { json: PreTokenizerJson; split: Split | undefined } {
  const supported = 'ByteLevel, or a Sequence of Split and ByteLevel';
  if (value === null || value === undefined) throw unsupported('pre_tokenizer', value, supported);
  const fields = objectAt(value, 'pre_tokenizer');
  const type = field(fields, 'type');
  if (type === 'ByteLevel') {
    const json = readByteLevel(fields, 'pre_tokenizer');
    return { json, split: json.use_regex ? gpt2Split : undefined };
  }
  if (type !== 'Sequence') throw unsupported('pre_tokenizer.type', type, supported);
  const steps = arrayAt(field(fields, 'pretokenizers'), 'pre_tokenizer.pretokenizers');
  if (steps.length !== 2) throw unsupported('pre_tokenizer', `a Sequence of ${steps.length}`, supported);
  const { json: cut, split } = readSplit(steps[0], 'pre_tokenizer.pretokenizers[0]');
  const path = 'pre_tokenizer.pretokenizers[1]';
  const bytes = readByteLevel(steps[1], path);
  if (bytes.use_regex) throw unsupported(`${path}.use_regex`, true, 'false after a Split');
  if (bytes.add_prefix_space) throw unsupported(`${path}.add_prefix_space`, true, 'false after a Split');
  return { json: { type, pretokenizers: [cut, bytes] }, split };
}

function readSplit(value: unknown, path: string): { json: SplitJson; split: Split } {
  const fields = objectAt(value, path);
  const type = field(fields, 'type');
  if (type !== 'Split') throw unsupported(`${path}.type`, type, '"Split"');
  const pattern = objectAt(field(fields, 'pattern'), `${path}.pattern`);
  const regex = field(pattern, 'Regex');
  if (regex === undefined) throw unsupported(`${path}.pattern`, Object.keys(pattern).join(', '), '{ "Regex": … }');
  const split = KNOWN_SPLITS.find((known) => known.regex === regex);
  if (!split) {
    throw new TokenizerError(
      'E_TOKENIZER_REGEX',
      `tokenizerFromJson: expected ${path}.pattern.Regex to be the exact text of a known pattern (${KNOWN_SPLITS.map((known) => known.name).join(', ')}) but found ${shown(regex)}. Patterns from files are never run, because a crafted one can take forever; write a scanner for it as in gpt2-split.ts.`,
    );
  }
  const behavior = field(fields, 'behavior');
  const invert = booleanAt(field(fields, 'invert'), `${path}.invert`);
  // The patterns match every character, so keeping the matches and removing what lies between are the same.
  if (behavior !== 'Isolated' && !(behavior === 'Removed' && invert)) {
    throw unsupported(`${path}.behavior`, behavior, '"Isolated", or "Removed" with invert');
  }
  return { json: { type, pattern: { Regex: split.regex }, behavior, invert }, split };
}

/** Checks a ByteLevel component. */
export function readByteLevel(value: unknown, path: string): ByteLevelJson {
  if (value === null || value === undefined) throw unsupported(path, value, 'ByteLevel');
  const fields = objectAt(value, path);
  const type = field(fields, 'type');
  if (type !== 'ByteLevel') throw unsupported(`${path}.type`, type, '"ByteLevel"');
  return {
    type,
    add_prefix_space: booleanAt(field(fields, 'add_prefix_space'), `${path}.add_prefix_space`),
    trim_offsets: booleanAt(field(fields, 'trim_offsets'), `${path}.trim_offsets`),
    use_regex: booleanAt(field(fields, 'use_regex'), `${path}.use_regex`, true),
  };
}

/** Checks `post_processor`: none, ByteLevel, TemplateProcessing, or a Sequence of those. */
export function readPostProcessor(value: unknown, size: number): PostProcessorJson | null {
  if (value === null || value === undefined) return null;
  const fields = objectAt(value, 'post_processor');
  if (field(fields, 'type') !== 'Sequence') return readProcessor(value, 'post_processor', size);
  const steps = arrayAt(field(fields, 'processors'), 'post_processor.processors');
  if (steps.length > 16) throw unsupported('post_processor', `a Sequence of ${steps.length}`, 'a Sequence of at most 16');
  return {
    type: 'Sequence',
    processors: steps.map((step, i) => readProcessor(step, `post_processor.processors[${i}]`, size)),
  };
}

function readProcessor(value: unknown, path: string, size: number): ByteLevelJson | TemplateJson {
  const type = field(objectAt(value, path), 'type');
  if (type === 'ByteLevel') return readByteLevel(value, path);
  if (type === 'TemplateProcessing') return readTemplate(value, path, size);
  throw unsupported(`${path}.type`, type, 'ByteLevel, TemplateProcessing, or a Sequence of those');
}

function readTemplate(value: unknown, path: string, size: number): TemplateJson {
  const fields = objectAt(value, path);
  const table = objectAt(field(fields, 'special_tokens'), `${path}.special_tokens`);
  const special = Object.keys(table).map((name) => {
    const at = `${path}.special_tokens[${shown(name)}]`;
    const entry = objectAt(table[name], at);
    const ids = arrayAt(field(entry, 'ids'), `${at}.ids`).map((id) => integerAt(id, `${at}.ids`, size));
    const tokens = arrayAt(field(entry, 'tokens'), `${at}.tokens`).map((token) => stringAt(token, `${at}.tokens`));
    if (ids.length !== tokens.length) throw wrong(at, 'as many ids as tokens', tokens);
    return [stringAt(name, at), { id: stringAt(field(entry, 'id'), `${at}.id`), ids, tokens }] as const;
  });
  const names = new Set(special.map(([name]) => name));
  const pieces = (key: 'single' | 'pair'): TemplatePieceJson[] =>
    arrayAt(field(fields, key), `${path}.${key}`).map((piece, i) => readPiece(piece, `${path}.${key}[${i}]`, names));
  const single = pieces('single');
  if (single.filter((piece) => 'Sequence' in piece).length !== 1 || single.some((piece) => 'Sequence' in piece && piece.Sequence.id !== 'A')) {
    throw unsupported(`${path}.single`, single, 'special tokens around the sequence "A", once');
  }
  return { type: 'TemplateProcessing', single, pair: pieces('pair'), special_tokens: Object.fromEntries(special) };
}

function readPiece(value: unknown, path: string, names: ReadonlySet<string>): TemplatePieceJson {
  const fields = objectAt(value, path);
  const special = field(fields, 'SpecialToken');
  if (special !== undefined) {
    const token = objectAt(special, path);
    const id = stringAt(field(token, 'id'), `${path}.SpecialToken.id`);
    if (!names.has(id)) throw wrong(`${path}.SpecialToken.id`, 'one of special_tokens', id);
    return { SpecialToken: { id, type_id: integerAt(field(token, 'type_id'), `${path}.SpecialToken.type_id`) } };
  }
  const sequence = objectAt(field(fields, 'Sequence'), path);
  const id = field(sequence, 'id');
  if (id !== 'A' && id !== 'B') throw wrong(`${path}.Sequence.id`, '"A" or "B"', id);
  return { Sequence: { id, type_id: integerAt(field(sequence, 'type_id'), `${path}.Sequence.type_id`) } };
}
