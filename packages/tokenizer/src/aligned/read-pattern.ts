import { cl100kSplit, llama3Split, nanochatSplit, qwen2Split } from '../cl100k-split.ts';
import { gpt2Split } from '../gpt2-split.ts';
import { field, objectAt, stringAt, wrong } from '../json-fields.ts';
import { o200kSplit } from '../o200k-split.ts';
import { scanner } from '../pre-tokenizers/scanner.ts';
import { regexPattern } from '../regex/regex-pattern.ts';
import type { Split } from '../split.ts';
import type { PatternJson } from '../tokenizer-json.ts';
import { literal, type Pattern } from './stretches.ts';

/** The regular expressions that have a scanner. */
export const KNOWN_SPLITS: readonly Split[] = [gpt2Split, cl100kSplit, llama3Split, qwen2Split, nanochatSplit, o200kSplit];

/** Checks `{ String }` or `{ Regex }`. A well-known expression is its scanner; any other runs within a number of steps. */
export function readPattern(value: unknown, path: string): { json: PatternJson; pattern: Pattern } {
  const fields = objectAt(value, path);
  const text = field(fields, 'String');
  if (text !== undefined) {
    const wanted = stringAt(text, `${path}.String`);
    return { json: { String: wanted }, pattern: literal(wanted) };
  }
  if (field(fields, 'Regex') === undefined) throw wrong(path, '{ "String": … } or { "Regex": … }', Object.keys(fields).join(', '));
  const source = stringAt(field(fields, 'Regex'), `${path}.Regex`);
  const known = KNOWN_SPLITS.find(({ regex }) => regex === source);
  return { json: { Regex: source }, pattern: known === undefined ? regexPattern(source) : scanner(known) };
}
