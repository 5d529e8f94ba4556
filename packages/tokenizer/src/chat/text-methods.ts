import { optionalCharacters, readArguments, type ArgumentReader } from './arguments.ts';
import type { Budget } from './budget.ts';
import { find } from './compare-values.ts';
import { charactersOf, rewriteText, sliceText, type Text } from './marked-text.ts';
import { isSpaceAt, lengthOf, linesOf, stripped, unitOf } from './python-text.ts';
import { separated, textOf } from './value-text.ts';
import { isList, isText, isTrue, kindOf, listOf, refused, tupleOf, type Arguments, type Value } from './values.ts';

type Method = (text: Text, args: ArgumentReader, budget: Budget) => Value;
interface MethodEntry { readonly names: readonly string[]; readonly run: Method }

const rewriting = (rewrite: (characters: string) => string): MethodEntry => ({ names: [], run: (text) => rewriteText(text, rewrite(charactersOf(text))) });
const testing = (test: RegExp): MethodEntry => ({ names: [], run: (text) => test.test(charactersOf(text)) });

/** The text without whitespace, or without the given characters, at the sides asked for. */
export function strip(text: Text, options: Parameters<typeof stripped>[1] = {}): Text {
  return sliceText(text, ...stripped(charactersOf(text), options));
}

/** `str.replace`. */
export function replaceText(text: Text, [from, to]: readonly [Text, Text], { count, budget }: { count: number; budget: Budget }): Text {
  const characters = charactersOf(text);
  const width = charactersOf(from).length;
  const most = count < 0 ? Infinity : count;
  if (most === 0) return text;
  const found = width > 0 ? find(text, from, budget, { limit: most }) : Array.from({ length: Math.min(most, lengthOf(characters) + 1) }, (_, i) => unitOf(characters, i));
  budget.spend(4 * found.length);
  budget.spendText(characters.length + found.length * (charactersOf(to).length - width));
  const parts: Text[] = [];
  let done = 0;
  for (const at of found) {
    parts.push(sliceText(text, done, at), to);
    done = at + width;
  }
  return budget.concat([...parts, sliceText(text, done, characters.length)]);
}

/** `title` of Python: capitals after everything that has no case. */
function titleCase(text: string): string {
  return text.replace(/\p{Cased}+/gu, (word) => capitalize(word));
}

// The letters whose title case is neither their upper case nor the upper case of a first letter.
const TITLES: ReadonlyMap<string, string> = new Map(['ǅǆǄ', 'ǈǉǇ', 'ǋǌǊ', 'ǲǳǱ'].flatMap((letters) => Array.from(letters, (letter) => [letter, letters[0]!])));

/** The first character in title case, the rest in lower. */
export function capitalize(text: string): string {
  const first = text.slice(0, unitOf(text, 1));
  const upper = first.toUpperCase();
  const title = TITLES.get(first) ?? (/\p{Script=Georgian}/u.test(first) ? first : upper.slice(0, unitOf(upper, 1)) + upper.slice(unitOf(upper, 1)).toLowerCase());
  return title + text.slice(first.length).toLowerCase();
}

function swapCase(text: string): string {
  return Array.from(text, (char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase())).join('');
}

function splitOnSpace(text: Text, most: number, fromRight: boolean): Text[] {
  const characters = charactersOf(text);
  const [begin, end] = stripped(characters);
  const words: [number, number][] = [];
  for (let at = begin; at < end; ) {
    let stop = at;
    while (stop < end && !isSpaceAt(characters, stop)) stop++;
    words.push([at, stop]);
    at = stop;
    while (at < end && isSpaceAt(characters, at)) at++;
  }
  if (words.length > most) {
    // What is left over stays whole, with the whitespace at its outer end as Python leaves it.
    if (fromRight) words.splice(0, words.length - most, [0, words[words.length - most - 1]![1]]);
    else words.splice(most, words.length, [words[most]![0], characters.length]);
  }
  return words.map(([from, to]) => sliceText(text, from, to));
}

function splitOn(text: Text, separator: Text, { most, fromRight, budget }: { most: number; fromRight: boolean; budget: Budget }): Text[] {
  const characters = charactersOf(text);
  const width = charactersOf(separator).length;
  if (width === 0) throw refused('split: expected a separator that is not empty but found an empty one. Leave it out to split at whitespace.');
  const cuts = [-width, ...find(text, separator, budget, { limit: most, fromRight }), characters.length];
  return cuts.slice(1).map((cut, i) => sliceText(text, cuts[i]! + width, cut));
}

const splitting = (fromRight: boolean): MethodEntry => ({
  names: ['sep', 'maxsplit'],
  run(text, args, budget) {
    const separator = args.optional(0, 'sep');
    const limit = args.integer(1, 'maxsplit', -1);
    const most = limit < 0 ? Infinity : limit;
    if (separator !== undefined && !isText(separator)) throw refused(`split: expected a text as sep but found a ${kindOf(separator)}. Pass a text.`);
    const parts = separator === undefined ? splitOnSpace(text, most, fromRight) : splitOn(text, separator, { most, fromRight, budget });
    budget.spend(parts.length);
    return listOf(parts);
  },
});

const partitioning = (fromRight: boolean): MethodEntry => ({
  names: ['sep'],
  run(text, args, budget) {
    const separator = args.text(0, 'sep');
    const parts = splitOn(text, separator, { most: 1, fromRight, budget });
    if (parts.length === 1) return tupleOf(fromRight ? ['', '', text] : [text, '', '']);
    return tupleOf([parts[0]!, separator, parts[1]!]);
  },
});

const stripping = (sides: { left: boolean; right: boolean }): MethodEntry => ({
  names: ['chars'],
  run: (text, args) => strip(text, { ...sides, chars: optionalCharacters(args.optional(0, 'chars')) }),
});

const affix = (test: (text: string, affix: string) => boolean): MethodEntry => ({
  names: ['affix'],
  run(text, args) {
    const wanted = args.any(0, 'affix');
    const choices = isList(wanted) ? wanted.items : [wanted];
    return choices.some((choice) => {
      if (isText(choice)) return test(charactersOf(text), charactersOf(choice));
      throw refused(`startswith: expected a text or a tuple of texts but found a ${choice === undefined ? 'call without arguments' : kindOf(choice)}. Pass a text.`);
    });
  },
});

const finding = (fromRight: boolean, strict: boolean): MethodEntry => ({
  names: ['sub'],
  run(text, args, budget) {
    const characters = charactersOf(text);
    const [at] = find(text, args.text(0, 'sub'), budget, { fromRight });
    if (at === undefined && strict) throw refused('index: expected a text that occurs but found none. Use find.');
    return at === undefined ? -1 : lengthOf(characters.slice(0, at));
  },
});

const padding = (place: (missing: number, width: number) => number): MethodEntry => ({
  names: ['width', 'fillchar'],
  run(text, args, budget) {
    const fill = args.text(1, 'fillchar', ' ');
    const width = args.integer(0, 'width');
    const missing = Math.max(0, width - lengthOf(charactersOf(text)));
    budget.spendText(missing + charactersOf(text).length);
    const before = place(missing, width);
    return budget.concat([charactersOf(fill).repeat(before), text, charactersOf(fill).repeat(missing - before)]);
  },
});

const METHODS: ReadonlyMap<string, MethodEntry> = new Map<string, MethodEntry>([
  ['upper', rewriting((text) => text.toUpperCase())],
  ['lower', rewriting((text) => text.toLowerCase())],
  ['title', rewriting(titleCase)],
  ['capitalize', rewriting(capitalize)],
  ['swapcase', rewriting(swapCase)],
  ['strip', stripping({ left: true, right: true })],
  ['lstrip', stripping({ left: true, right: false })],
  ['rstrip', stripping({ left: false, right: true })],
  ['startswith', affix((text, start) => text.startsWith(start))],
  ['endswith', affix((text, end) => text.endsWith(end))],
  ['split', splitting(false)],
  ['rsplit', splitting(true)],
  ['partition', partitioning(false)],
  ['rpartition', partitioning(true)],
  ['splitlines', {
    names: ['keepends'],
    run: (text, args) => listOf(linesOf(charactersOf(text)).map(([from, to, after]) => sliceText(text, from, isTrue(args.any(0, 'keepends') ?? false) ? after : to))),
  }],
  ['replace', { names: ['old', 'new', 'count'], run: (text, args, budget) => replaceText(text, [args.text(0, 'old'), args.text(1, 'new')], { count: args.integer(2, 'count', -1), budget }) }],
  ['removeprefix', { names: ['prefix'], run: (text, args) => removed(text, charactersOf(args.text(0, 'prefix')), true) }],
  ['removesuffix', { names: ['suffix'], run: (text, args) => removed(text, charactersOf(args.text(0, 'suffix')), false) }],
  ['join', { names: ['items'], run: (text, args, budget) => joinTexts(args.any(0, 'items') ?? null, text, budget) }],
  ['find', finding(false, false)],
  ['rfind', finding(true, false)],
  ['index', finding(false, true)],
  ['rindex', finding(true, true)],
  ['count', {
    names: ['sub'],
    run(text, args, budget) {
      const sub = charactersOf(args.text(0, 'sub'));
      return sub === '' ? lengthOf(charactersOf(text)) + 1 : find(text, sub, budget, { limit: Infinity }).length;
    },
  }],
  ['center', padding((missing, width) => (missing >> 1) + (missing & width & 1))],
  ['ljust', padding(() => 0)],
  ['rjust', padding((missing) => missing)],
  ['isalpha', testing(/^\p{L}+$/u)],
  ['isdigit', testing(/^\p{Nd}+$/u)],
  ['isnumeric', testing(/^\p{N}+$/u)],
  ['isalnum', testing(/^[\p{L}\p{N}]+$/u)],
  ['isspace', { names: [], run: (text) => charactersOf(text) !== '' && charactersOf(strip(text)) === '' }],
  ['isupper', { names: [], run: (text) => /\p{Lu}/u.test(charactersOf(text)) && !/\p{Ll}/u.test(charactersOf(text)) }],
  ['islower', { names: [], run: (text) => /\p{Ll}/u.test(charactersOf(text)) && !/\p{Lu}/u.test(charactersOf(text)) }],
]);

function removed(text: Text, affixed: string, atStart: boolean): Text {
  const characters = charactersOf(text);
  if (affixed === '' || !(atStart ? characters.startsWith(affixed) : characters.endsWith(affixed))) return text;
  return atStart ? sliceText(text, affixed.length, characters.length) : sliceText(text, 0, characters.length - affixed.length);
}

function joinTexts(items: Value, separator: Text, budget: Budget): Text {
  if (!isList(items)) throw refused(`join: expected a list of texts but found a ${kindOf(items)}. Make a list of it.`);
  return budget.concat(separated(items.items.map((item) => {
    if (isText(item)) return item;
    throw refused(`join: expected texts but found a ${kindOf(item)}. Use the filter \`join\`, which converts.`);
  }), separator));
}

/** The method of a text, as a function, or undefined where Python's str has none or it is not supported. */
export function textMethod(text: Text, name: string, budget: Budget): ((args: Arguments) => Value) | undefined {
  const method = METHODS.get(name);
  if (!method) return undefined;
  return (args) => {
    budget.spendText(charactersOf(text).length);
    return method.run(text, readArguments(name, args, method.names), budget);
  };
}

/** `join` of a filter: everything is printed first. */
export function joinAll(items: readonly Value[], separator: Text, budget: Budget): Text {
  return budget.concat(separated(items.map((item) => textOf(item, budget)), separator));
}
