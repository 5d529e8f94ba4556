import { arrayAt, booleanAt, field, type Fields, integerAt, objectAt, stringAt, unsupported, wrong } from './json-fields.ts';
import { readByteLevel } from './pre-tokenizers/read-pre-tokenizer.ts';
import { shown } from './tokenizer-error.ts';
import type { PostProcessorJson, ProcessorJson, SpecialPairJson, TemplateJson, TemplatePieceJson } from './tokenizer-json.ts';

/** Checks `post_processor`: none, one of the five, or a Sequence of them. */
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

function readProcessor(value: unknown, path: string, size: number): ProcessorJson {
  const fields = objectAt(value, path);
  const type = field(fields, 'type');
  const pair = (name: string): SpecialPairJson => readSpecialPair(field(fields, name), `${path}.${name}`, size);
  const flag = (name: string): boolean => booleanAt(field(fields, name), `${path}.${name}`);
  switch (type) {
    case 'ByteLevel': return readByteLevel(fields, path);
    case 'TemplateProcessing': return readTemplate(fields, path, size);
    case 'BertProcessing': return { type, sep: pair('sep'), cls: pair('cls') };
    case 'RobertaProcessing': return { type, sep: pair('sep'), cls: pair('cls'), trim_offsets: flag('trim_offsets'), add_prefix_space: flag('add_prefix_space') };
    default: throw unsupported(`${path}.type`, type, 'ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing, or a Sequence of those');
  }
}

function readSpecialPair(value: unknown, path: string, size: number): SpecialPairJson {
  const [token, id, ...more] = arrayAt(value, path);
  if (more.length > 0) throw wrong(path, 'a token and its id', value);
  return [stringAt(token, path), integerAt(id, path, size)];
}

function readTemplate(fields: Fields, path: string, size: number): TemplateJson {
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
