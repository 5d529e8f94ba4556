import { type Aligned, sizeAt, sliced } from '../aligned/aligned-text.ts';
import { readPattern } from '../aligned/read-pattern.ts';
import { characters, inverted, type Pattern, pieces } from '../aligned/stretches.ts';
import { booleanAt, field, type Fields, integerAt, objectAt, stringAt, unsupported, wrong } from '../json-fields.ts';
import { stepsOf } from '../normalizers/read-normalizer.ts';
import type { Behavior, ByteLevelJson, MetaspaceJson, PreTokenizerJson } from '../tokenizer-json.ts';
import { byteLevel } from './byte-level.ts';
import { metaspace } from './metaspace.ts';
import { numeric, punctuation, whitespace } from './punctuation.ts';
import { scripts } from './scripts.ts';
import { words } from './words.ts';

type Run = (piece: Aligned) => Aligned[];

export interface ReadPreTokenizer {
  readonly json: PreTokenizerJson | null;
  readonly run: Run;
  /** Whether it must know where in the given text a piece begins. */
  readonly needsPlaces: boolean;
}

const BEHAVIORS: readonly Behavior[] = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'];

const cutAt = (pattern: Pattern, behavior: Behavior): Run => (piece) => pieces(pattern(piece.text), behavior).map(({ from, to }) => sliced(piece, from, to));
const inTurn = (steps: readonly Run[]): Run => (piece) => steps.reduce((all, step) => all.flatMap((each) => (each.text === '' ? [] : step(each))), [piece]);

const PLAIN: Readonly<Record<string, Run>> = {
  BertPreTokenizer: inTurn([cutAt(whitespace, 'Removed'), cutAt(punctuation, 'Isolated')]),
  Whitespace: cutAt(inverted(words), 'Removed'),
  WhitespaceSplit: cutAt(whitespace, 'Removed'),
  UnicodeScripts: (piece) => scripts(piece.text).map(({ from, to }) => sliced(piece, from, to)),
};

/** Checks a `pre_tokenizer` and makes it run. */
export function readPreTokenizer(value: unknown, path: string = 'pre_tokenizer', depth: number = 0): ReadPreTokenizer {
  if (value === null || value === undefined) return { json: null, run: (piece) => [piece], needsPlaces: false };
  const fields = objectAt(value, path);
  const type = stringAt(field(fields, 'type'), `${path}.type`);
  const made = (json: PreTokenizerJson, run: Run): ReadPreTokenizer => ({ json, run, needsPlaces: false });
  const at = (name: string): string => `${path}.${name}`;
  if (Object.hasOwn(PLAIN, type)) return made({ type } as PreTokenizerJson, PLAIN[type]!);
  switch (type) {
    case 'ByteLevel': {
      const json = readByteLevel(fields, path);
      return made(json, byteLevel(json));
    }
    case 'CharDelimiterSplit': {
      const delimiter = oneCharacter(field(fields, 'delimiter'), at('delimiter'));
      return made({ type, delimiter }, cutAt(characters((char) => char === delimiter), 'Removed'));
    }
    case 'Metaspace': {
      const json = readMetaspace(fields, path);
      return { json, run: metaspace(json), needsPlaces: json.prepend_scheme === 'first' };
    }
    case 'Split': {
      const { json, pattern } = readPattern(field(fields, 'pattern'), at('pattern'));
      const behavior = readBehavior(field(fields, 'behavior'), at('behavior'));
      const invert = booleanAt(field(fields, 'invert'), at('invert'), false);
      return made({ type, pattern: json, behavior, invert }, cutAt(invert ? inverted(pattern) : pattern, behavior));
    }
    case 'Punctuation': {
      const behavior = readBehavior(field(fields, 'behavior') ?? 'Isolated', at('behavior'));
      return made({ type, behavior }, cutAt(punctuation, behavior));
    }
    case 'Digits': {
      const individual = booleanAt(field(fields, 'individual_digits'), at('individual_digits'));
      return made({ type, individual_digits: individual }, cutAt(numeric, individual ? 'Isolated' : 'Contiguous'));
    }
    case 'FixedLength': {
      const length = integerAt(field(fields, 'length') ?? 5, at('length'));
      return made({ type, length }, (piece) => ofLength(piece, length));
    }
    case 'Sequence': {
      const steps = stepsOf(field(fields, 'pretokenizers'), at('pretokenizers'), depth).map((step, i) => readPreTokenizer(step, `${at('pretokenizers')}[${i}]`, depth + 1));
      return {
        json: { type, pretokenizers: steps.map(({ json }) => json!) }, run: inTurn(steps.map(({ run }) => run)), needsPlaces: steps.some(({ needsPlaces }) => needsPlaces),
      };
    }
    default: throw unsupported(at('type'), type, `${Object.keys(PLAIN).join(', ')}, ByteLevel, CharDelimiterSplit, Metaspace, Split, Punctuation, Digits, FixedLength or Sequence`);
  }
}

/** Checks a ByteLevel component. */
export function readByteLevel(fields: Fields, path: string): ByteLevelJson {
  return {
    type: 'ByteLevel',
    add_prefix_space: booleanAt(field(fields, 'add_prefix_space'), `${path}.add_prefix_space`),
    trim_offsets: booleanAt(field(fields, 'trim_offsets'), `${path}.trim_offsets`),
    use_regex: booleanAt(field(fields, 'use_regex'), `${path}.use_regex`, true),
  };
}

/** Checks a Metaspace component; older files say `add_prefix_space` where newer ones have a scheme. */
export function readMetaspace(fields: Fields, path: string): MetaspaceJson {
  const replacement = oneCharacter(field(fields, 'replacement'), `${path}.replacement`);
  const scheme = field(fields, 'prepend_scheme') ?? (field(fields, 'add_prefix_space') === false ? 'never' : 'always');
  if (scheme !== 'always' && scheme !== 'first' && scheme !== 'never') throw wrong(`${path}.prepend_scheme`, '"always", "first" or "never"', scheme);
  return { type: 'Metaspace', replacement, prepend_scheme: scheme, split: booleanAt(field(fields, 'split'), `${path}.split`, true) };
}

function readBehavior(value: unknown, path: string): Behavior {
  const behavior = BEHAVIORS.find((each) => each === value);
  if (behavior === undefined) throw wrong(path, BEHAVIORS.join(', '), value);
  return behavior;
}

function oneCharacter(value: unknown, path: string): string {
  const text = stringAt(value, path);
  if (Array.from(text).length !== 1) throw wrong(path, 'one character', text);
  return text;
}

function ofLength(piece: Aligned, length: number): Aligned[] {
  if (length === 0) return [];
  const found: Aligned[] = [];
  for (let from = 0; from < piece.text.length;) {
    let to = from;
    for (let count = 0; count < length && to < piece.text.length; count++) to += sizeAt(piece.text, to);
    found.push(sliced(piece, from, to));
    from = to;
  }
  return found;
}
