import { type Aligned, filtered, prepended, replaced } from '../aligned/aligned-text.ts';
import { readPattern } from '../aligned/read-pattern.ts';
import { arrayAt, booleanAt, field, objectAt, stringAt, unsupported, wrong } from '../json-fields.ts';
import { visibleBytes } from '../pre-tokenizers/byte-level.ts';
import { ACCENT, isOf } from '../reference-classes.ts';
import type { BertNormalizerJson, NormalizerJson } from '../tokenizer-json.ts';
import { bertNormalizer } from './bert.ts';
import { lowercase } from './lowercase.ts';
import { nmt } from './nmt.ts';
import { precompiled } from './precompiled.ts';
import { strip } from './strip.ts';
import { toForm } from './unicode-form.ts';

export interface ReadNormalizer {
  readonly json: NormalizerJson | null;
  readonly run: (text: Aligned) => Aligned;
}

const PLAIN: Readonly<Record<string, (text: Aligned) => Aligned>> = {
  NFC: (text) => toForm(text, 'NFC'),
  NFD: (text) => toForm(text, 'NFD'),
  NFKC: (text) => toForm(text, 'NFKC'),
  NFKD: (text) => toForm(text, 'NFKD'),
  StripAccents: (text) => filtered(text, (char) => !isOf(char, ACCENT)),
  Lowercase: lowercase,
  Nmt: nmt,
  ByteLevel: visibleBytes,
};

/** Sequences within sequences, and steps of one. */
export const MOST_STEPS = 64;
export const DEEPEST = 8;

/** Checks a `normalizer` and makes it run. */
export function readNormalizer(value: unknown, path: string = 'normalizer', depth: number = 0): ReadNormalizer {
  if (value === null || value === undefined) return { json: null, run: (text) => text };
  const fields = objectAt(value, path);
  const type = stringAt(field(fields, 'type'), `${path}.type`);
  const flag = (name: string): boolean => booleanAt(field(fields, name), `${path}.${name}`);
  const text = (name: string): string => stringAt(field(fields, name), `${path}.${name}`);
  if (Object.hasOwn(PLAIN, type)) return { json: { type } as NormalizerJson, run: PLAIN[type]! };
  switch (type) {
    case 'BertNormalizer': {
      const strips = field(fields, 'strip_accents') ?? null;
      const json: BertNormalizerJson = {
        type, clean_text: flag('clean_text'), handle_chinese_chars: flag('handle_chinese_chars'),
        strip_accents: strips === null ? null : booleanAt(strips, `${path}.strip_accents`), lowercase: flag('lowercase'),
      };
      return { json, run: bertNormalizer(json) };
    }
    case 'Strip': {
      const [left, right] = [flag('strip_left'), flag('strip_right')];
      return { json: { type, strip_left: left, strip_right: right }, run: (given) => strip(given, { left, right }) };
    }
    case 'Precompiled': {
      const charsmap = text('precompiled_charsmap');
      return { json: { type, precompiled_charsmap: charsmap }, run: precompiled(fromBase64(charsmap, `${path}.precompiled_charsmap`)) };
    }
    case 'Replace': {
      const { json, pattern } = readPattern(field(fields, 'pattern'), `${path}.pattern`);
      const content = text('content');
      return { json: { type, pattern: json, content }, run: (given) => replaced(given, pattern(given.text), content) };
    }
    case 'Prepend': {
      const prepend = text('prepend');
      return { json: { type, prepend }, run: (given) => prepended(given, prepend) };
    }
    case 'Sequence': {
      const steps = stepsOf(field(fields, 'normalizers'), `${path}.normalizers`, depth).map((step, i) => readNormalizer(step, `${path}.normalizers[${i}]`, depth + 1));
      return { json: { type, normalizers: steps.map(({ json }) => json!) }, run: (given) => steps.reduce((now, { run }) => run(now), given) };
    }
    default: throw unsupported(`${path}.type`, type, `${Object.keys(PLAIN).join(', ')}, BertNormalizer, Strip, Precompiled, Replace, Prepend or Sequence`);
  }
}

/** The steps of a Sequence, which are no more and no deeper than any real one's. */
export function stepsOf(value: unknown, path: string, depth: number): readonly unknown[] {
  const steps = arrayAt(value, path);
  if (steps.length > MOST_STEPS || depth >= DEEPEST) throw unsupported(path, `${steps.length} steps at depth ${depth}`, `at most ${MOST_STEPS} steps, ${DEEPEST} deep`);
  if (steps.includes(null)) throw wrong(path, 'components', null);
  return steps;
}

/** The bytes of base64. */
export function fromBase64(text: string, path: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    throw wrong(path, 'base64', text.slice(0, 40));
  }
}
