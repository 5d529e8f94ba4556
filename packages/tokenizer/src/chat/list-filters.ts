import type { ArgumentReader } from './arguments.ts';
import { compare, equal } from './compare-values.ts';
import { taking, type Filter, type FilterContext } from './filter-context.ts';
import { charactersOf, rewriteText } from './marked-text.ts';
import { itemsIn } from './iterate.ts';
import { joinAll } from './text-methods.ts';
import { floatOf, isDict, isList, isText, isTrue, isUndefined, keyOf, kindOf, listOf, numberOf, orUndefined, refused, tupleOf, undefinedOf, type Value } from './values.ts';

// `a.b.0`: fields one in another.
function fieldAt(value: Value, path: Value, { attribute }: FilterContext, fallback?: Value): Value {
  if (typeof path !== 'number' && !isText(path)) throw refused(`expected the name of a field but found a ${kindOf(path)}. Pass a text.`);
  const names = typeof path === 'number' ? [path] : charactersOf(path).split('.').map((name) => (/^\d+$/.test(name) ? Number(name) : name));
  return names.reduce<Value>((owner, name) => {
    const found = attribute(owner, name);
    return fallback !== undefined && isUndefined(found) ? fallback : found;
  }, value);
}

// What is compared: a field where one is named, and without regard to case unless asked.
function keyFor(args: ArgumentReader, context: FilterContext, { attribute, caseSensitive }: { attribute: number; caseSensitive: number }): (value: Value) => Value {
  const path = args.optional(attribute, 'attribute');
  const exact = isTrue(args.any(caseSensitive, 'case_sensitive') ?? false);
  return (value) => {
    const found = path === undefined ? value : fieldAt(value, path, context);
    return isText(found) && !exact ? rewriteText(found, charactersOf(found).toLowerCase()) : found;
  };
}

function sorted(items: readonly Value[], key: (value: Value) => Value, { reverse, context }: { reverse: boolean; context: FilterContext }): Value[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const sign = reverse ? -1 : 1;
  return keyed.sort((a, b) => sign * compare(a.key, b.key, context.budget)).map(({ item }) => item);
}

const extreme = (sign: number): Filter => taking(['case_sensitive', 'attribute'], (value, args, context) => {
  const key = keyFor(args, context, { attribute: 1, caseSensitive: 0 });
  const items = itemsIn(value, context.budget);
  if (items.length === 0) return undefinedOf('an item of an empty sequence');
  return items.reduce((best, item) => (sign * compare(key(item), key(best), context.budget) > 0 ? item : best));
});

function unique(value: Value, args: ArgumentReader, context: FilterContext): Value {
  const key = keyFor(args, context, { attribute: 1, caseSensitive: 0 });
  const seen: Value[] = [];
  return listOf(itemsIn(value, context.budget).filter((item) => {
    const found = key(item);
    if (isDict(found) || (isList(found) && !found.tuple)) throw refused(`unique: expected what can be a key in Python but found a ${kindOf(found)}. Name an attribute.`);
    if (seen.some((other) => equal(other, found, context.budget))) return false;
    seen.push(found);
    return true;
  }));
}

const ends = (at: 0 | -1): Filter => taking([], (value, _, { budget }) => orUndefined(itemsIn(value, budget).at(at), 'an item of an empty sequence'));

const mapEach: Filter = (value, { args: { positional, named } }, context) => {
  const items = itemsIn(value, context.budget);
  if (named.has('attribute')) {
    return listOf(items.map((item) => fieldAt(item, named.get('attribute')!, context, named.get('default'))));
  }
  const [name, ...rest] = positional;
  if (!isText(name)) throw refused('map: expected the name of a filter or attribute=… but found neither. Pass one.');
  return listOf(items.map((item) => context.filter(charactersOf(name), item, { positional: rest, named })));
};

const choosing = (keep: boolean, byField: boolean): Filter => (value, { args: { positional } }, context) => {
  const [name, ...args] = byField ? positional.slice(1) : positional;
  if (byField && positional.length === 0) throw refused('selectattr: expected the name of a field but found nothing. Pass one.');
  const passes = (item: Value): boolean => {
    const tested = byField ? fieldAt(item, positional[0]!, context) : item;
    return name === undefined ? isTrue(tested) : context.test(charactersOf(isText(name) ? name : ''), tested, args);
  };
  return listOf(itemsIn(value, context.budget).filter((item) => passes(item) === keep));
};

function sum(value: Value, args: ArgumentReader, context: FilterContext): Value {
  const path = args.optional(0, 'attribute');
  const numbers = itemsIn(value, context.budget).map((item) => (path === undefined ? item : fieldAt(item, path, context)));
  const terms = [args.any(1, 'start') ?? 0, ...numbers];
  const total = terms.reduce<number>((so, term) => {
    const found = numberOf(term);
    if (found === undefined) throw refused(`sum: expected numbers but found a ${kindOf(term)}. Choose them with select('number').`);
    return so + found;
  }, 0);
  return terms.some((term) => kindOf(term) === 'float') ? floatOf(total) : total;
}

function reversed(value: Value, budget: FilterContext['budget']): Value {
  const items = [...itemsIn(value, budget)].reverse();
  return isText(value) ? budget.concat(items.filter(isText)) : listOf(items);
}

function sortedEntries(value: Value, args: ArgumentReader, context: FilterContext): Value {
  if (!isDict(value)) throw refused(`dictsort: expected a dict but found a ${kindOf(value)}. Pass one.`);
  const at = charactersOf(args.text(1, 'by', 'key')) === 'value' ? 1 : 0;
  const key = keyFor(args, context, { attribute: 99, caseSensitive: 0 });
  const pairs = [...value.entries].map(([name, item]) => tupleOf([keyOf(value, name), item]));
  return listOf(sorted(pairs, (pair) => key(isList(pair) ? pair.items[at]! : pair), { reverse: isTrue(args.any(2, 'reverse') ?? false), context }));
}

/** The filters of sequences. What is a generator in Python is a list here. */
export const LIST_FILTERS: readonly (readonly [string, Filter])[] = [
  ['dictsort', taking(['case_sensitive', 'by', 'reverse'], sortedEntries)],
  ['first', ends(0)],
  ['last', ends(-1)],
  ['join', taking(['d', 'attribute'], (value, args, context) => {
    const path = args.optional(1, 'attribute');
    const items = itemsIn(value, context.budget).map((item) => (path === undefined ? item : fieldAt(item, path, context)));
    return joinAll(items, args.text(0, 'd', ''), context.budget);
  })],
  ['list', taking([], (value, _, { budget }) => listOf(itemsIn(value, budget)))],
  ['map', mapEach],
  ['max', extreme(1)],
  ['min', extreme(-1)],
  ['reject', choosing(false, false)],
  ['rejectattr', choosing(false, true)],
  ['reverse', taking([], (value, _, { budget }) => reversed(value, budget))],
  ['select', choosing(true, false)],
  ['selectattr', choosing(true, true)],
  ['sort', taking(['reverse', 'case_sensitive', 'attribute'], (value, args, context) => {
    const key = keyFor(args, context, { attribute: 2, caseSensitive: 1 });
    return listOf(sorted(itemsIn(value, context.budget), key, { reverse: isTrue(args.any(0, 'reverse') ?? false), context }));
  })],
  ['sum', taking(['attribute', 'start'], sum)],
  ['unique', taking(['case_sensitive', 'attribute'], unique)],
];
