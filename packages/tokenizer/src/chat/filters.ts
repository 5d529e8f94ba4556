import { optionalCharacters, type ArgumentReader } from './arguments.ts';
import { LIST_FILTERS } from './list-filters.ts';
import { taking, type Filter, type FilterContext } from './filter-context.ts';
import { charactersOf, rewritePieces, rewriteText, sliceText, type Text } from './marked-text.ts';
import { lengthOf, linesOf, unitOf } from './python-text.ts';
import { capitalize, replaceText, strip, textMethod } from './text-methods.ts';
import { jsonOf, textOf } from './value-text.ts';
import {
  floatOf, isDict, isList, isText, isTrue, isUndefined, kindOf, listOf, keyOf, numberOf, refused, tupleOf, type Arguments, type Value,
} from './values.ts';

const number = (what: string, value: Value): number => {
  const found = numberOf(value);
  if (found === undefined) throw refused(`${what}: expected a number but found a ${kindOf(value)}. Convert it with \`| int\`.`);
  return found;
};

/** A filter that prints its input and then does what the method of that name does. */
const printed = (method: string): Filter => (value, { args }, { budget }) => textMethod(textOf(value, budget), method, budget)!(args);

const onText = (rewrite: (characters: string) => string): Filter => taking([], (value, _, { budget }) => {
  const text = textOf(value, budget);
  budget.spendText(charactersOf(text).length);
  return rewriteText(text, rewrite(charactersOf(text)));
});

// Jinja2's own rule, which differs from str.title: words begin after whitespace, hyphens and opening brackets only.
function titleOf(text: string): string {
  return text.split(/([-\s({[<]+)/u).map((word) => word.slice(0, unitOf(word, 1)).toUpperCase() + word.slice(unitOf(word, 1)).toLowerCase()).join('');
}

function indent(text: Value, args: ArgumentReader, { budget }: FilterContext): Text {
  if (!isText(text)) throw refused(`indent: expected a text but found a ${kindOf(text)}. Convert it with \`| string\`.`);
  const characters = charactersOf(text);
  const width = args.any(0, 'width') ?? 4;
  const indention = isText(width) ? charactersOf(width) : ' '.repeat(Math.max(0, spaces(width, budget)));
  const first = isTrue(args.any(1, 'first') ?? false);
  const blank = isTrue(args.any(2, 'blank') ?? false);
  const lines = linesOf(`${characters}\n`);
  budget.spendText(characters.length + lines.length * indention.length);
  const parts = lines.map(([from, to], i): Text => {
    const line = sliceText(text, from, Math.min(to, characters.length));
    const indented = i === 0 ? first : blank || to > from;
    return budget.concat([i === 0 ? '' : '\n', indented ? indention : '', line]);
  });
  return budget.concat(parts);
}

function spaces(width: Value, { spendText }: FilterContext['budget']): number {
  const count = number('indent', width);
  spendText(Math.max(0, count));
  return count;
}

function toJson(value: Value, args: ArgumentReader, { budget }: FilterContext): Text {
  const width = args.optional(1, 'indent');
  const separators = args.optional(2, 'separators');
  const indention = width === undefined ? undefined : isText(width) ? charactersOf(width) : ' '.repeat(Math.max(0, spaces(width, budget)));
  const [item, key] = isList(separators) ? separators.items.map((part) => optionalCharacters(part)) : [];
  const options = {
    ensureAscii: isTrue(args.any(0, 'ensure_ascii') ?? false),
    indent: indention,
    itemSeparator: item ?? (indention === undefined ? ', ' : ','),
    keySeparator: key ?? ': ',
    sortKeys: isTrue(args.any(3, 'sort_keys') ?? false),
  };
  return jsonOf(value, options, budget);
}

function toInt(value: Value, args: ArgumentReader): Value {
  const given = args.any(0, 'default');
  const fallback = given === undefined ? 0 : given;
  const found = numberOf(value);
  if (found !== undefined) return Number.isFinite(found) ? Math.trunc(found) : fallback;
  checkDefined('int', value);
  if (!isText(value)) return fallback;
  const written = charactersOf(strip(value));
  if (/^[-+]?\d+(_\d+)*$/.test(written)) return Number(written.replaceAll('_', ''));
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(written) ? Math.trunc(Number(written)) : fallback;
}

function checkDefined(what: string, value: Value): void {
  if (isUndefined(value)) throw refused(`${what}: expected a value but found '${value.name}', which is undefined. Give it a default first.`);
}

function toFloat(value: Value, args: ArgumentReader): Value {
  const found = numberOf(value);
  if (found !== undefined) return floatOf(found);
  checkDefined('float', value);
  const written = isText(value) ? charactersOf(strip(value)) : '';
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(written) ? floatOf(Number(written)) : (args.any(0, 'default') ?? floatOf(0));
}

function sameKind(value: Value, result: number): Value {
  return kindOf(value) === 'float' ? floatOf(result) : result;
}

function round(value: Value, args: ArgumentReader): Value {
  const precision = args.integer(0, 'precision', 0);
  const method = charactersOf(args.text(1, 'method', 'common'));
  const given = number('round', value);
  if (Math.abs(precision) > 50) throw refused(`round: expected a precision from -50 to 50 but found ${precision}. Use fewer digits.`);
  if (method === 'common') return sameKind(value, precision < 0 ? halfEven(given * 10 ** precision, 0) / 10 ** precision : halfEven(given, precision));
  const scale = 10 ** precision;
  return floatOf((method === 'ceil' ? Math.ceil(given * scale) : Math.floor(given * scale)) / scale);
}

// Python rounds what the float is exactly, and exact halves to even; toFixed rounds halves away from zero.
function halfEven(value: number, digits: number): number {
  const exact = Math.abs(value).toFixed(Math.min(100, digits + 40));
  const point = exact.indexOf('.');
  const kept = digits === 0 ? exact.slice(0, point) : exact.slice(0, point + 1 + digits);
  const isHalf = /^50*$/.test(exact.slice(point + 1 + digits));
  return isHalf && /[02468]$/.test(kept) ? Math.sign(value) * Number(kept) : Number(value.toFixed(digits));
}

const HTML: ReadonlyMap<string, string> = new Map([['&', '&amp;'], ['<', '&lt;'], ['>', '&gt;'], ["'", '&#39;'], ['"', '&#34;']]);
const escapeHtml: Filter = taking([], (value, _, { budget }) => rewritePieces(textOf(value, budget), (piece) => {
  budget.spendText(piece.length * 5);
  return piece.replace(/[&<>'"]/g, (char) => HTML.get(char)!);
}));

const itemsOf: Filter = taking([], (value) => {
  if (isUndefined(value)) return listOf([]);
  if (isDict(value)) return listOf([...value.entries].map(([key, item]) => tupleOf([keyOf(value, key), item])));
  throw refused(`items: expected a dict but found a ${kindOf(value)}. Test it with \`is mapping\` first.`);
});

const defaultTo: Filter = taking(['default_value', 'boolean'], (value, args) => {
  const unwanted = isUndefined(value) || (isTrue(args.any(1, 'boolean') ?? false) && !isTrue(value));
  const fallback = args.any(0, 'default_value');
  return !unwanted ? value : fallback === undefined ? '' : fallback;
});

const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ...LIST_FILTERS,
  ['abs', taking([], (value) => sameKind(value, Math.abs(number('abs', value))))],
  ['capitalize', onText(capitalize)],
  ['center', printed('center')],
  ['d', defaultTo],
  ['default', defaultTo],
  ['e', escapeHtml],
  ['escape', escapeHtml],
  ['float', taking(['default'], toFloat)],
  ['indent', taking(['width', 'first', 'blank'], indent)],
  ['int', taking(['default'], toInt)],
  ['items', itemsOf],
  ['lower', onText((text) => text.toLowerCase())],
  ['replace', taking(['old', 'new', 'count'], (value, args, { budget }) => {
    const count = args.optional(2, 'count') === undefined ? -1 : args.integer(2, 'count');
    return replaceText(textOf(value, budget), [args.text(0, 'old'), args.text(1, 'new')], { count, budget });
  })],
  ['round', taking(['precision', 'method'], round)],
  ['safe', taking([], (value, _, { budget }) => textOf(value, budget))],
  ['string', taking([], (value, _, { budget }) => textOf(value, budget))],
  ['title', onText(titleOf)],
  ['tojson', taking(['ensure_ascii', 'indent', 'separators', 'sort_keys'], toJson)],
  ['trim', printed('strip')],
  ['upper', onText((text) => text.toUpperCase())],
  ['wordcount', taking([], (value, _, { budget }) => (charactersOf(textOf(value, budget)).match(/[\p{L}\p{N}_]+/gu) ?? []).length)],
  ['length', taking([], sizeOf)],
  ['count', taking([], sizeOf)],
]);

function sizeOf(value: Value): number {
  if (isText(value)) return lengthOf(charactersOf(value));
  if (isUndefined(value)) return 0;
  if (isDict(value)) return value.entries.size;
  if (isList(value)) return value.items.length;
  throw refused(`length: expected a text, list or dict but found a ${kindOf(value)}. Test it with \`is iterable\` first.`);
}

/** Applies the filter of that name. */
export function applyFilter(name: string, value: Value, { args, context }: { args: Arguments; context: FilterContext }): Value {
  const filter = FILTERS.get(name) ?? context.added?.get(name);
  if (!filter) throw refused(`expected a filter but found ${name}. These are supported: ${[...FILTERS.keys()].sort().join(', ')}.`);
  if (isText(value)) context.budget.spend(charactersOf(value).length / 64);
  return filter(value, { name, args }, context);
}
