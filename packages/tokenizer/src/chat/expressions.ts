import type { Budget } from './budget.ts';
import { compare, contains, equal } from './compare-values.ts';
import { sliceValue } from './iterate.ts';
import { charactersOf, type Text } from './marked-text.ts';
import { textMethod } from './text-methods.ts';
import { textOf } from './value-text.ts';
import {
  floatOf, functionOf, isDict, isList, isText, isUndefined, keyOf, kindOf, listOf, numberOf, refused, orUndefined, tupleOf, undefinedOf, type Arguments, type Dict, type Value,
} from './values.ts';

/** `a operator b` for everything but `and` and `or`, which decide whether b is looked at. */
export function operate(operator: string, [a, b]: readonly [Value, Value], budget: Budget): Value {
  switch (operator) {
    case '==': return equal(a, b, budget);
    case '!=': return !equal(a, b, budget);
    case 'in': return contains(b, a, budget);
    case 'not in': return !contains(b, a, budget);
    case '~': return budget.concat([textOf(a, budget), textOf(b, budget)]);
    case '<': return compare(a, b, budget) < 0;
    case '>': return compare(a, b, budget) > 0;
    case '<=': return compare(a, b, budget) <= 0;
    case '>=': return compare(a, b, budget) >= 0;
    case '+':
      if (isText(a) && isText(b)) return budget.concat([a, b]);
      if (isList(a) && isList(b) && a.tuple === b.tuple) {
        budget.spend(a.items.length + b.items.length);
        return { ...a, items: [...a.items, ...b.items] };
      }
      return arithmetic(operator, a, b);
    case '*':
      if (typeof a === 'number' && (isText(b) || isList(b))) return repeated(b, a, budget);
      if (typeof b === 'number' && (isText(a) || isList(a))) return repeated(a, b, budget);
      return arithmetic(operator, a, b);
    default: return arithmetic(operator, a, b);
  }
}

function repeated(value: Value, times: number, budget: Budget): Value {
  const count = Math.max(0, times);
  if (isText(value)) {
    budget.spendText(charactersOf(value).length * count);
    budget.spend(count);
    return budget.concat(new Array<Text>(count).fill(value));
  }
  if (!isList(value)) throw refused('expected a text or list to repeat. Pass one.');
  budget.spend(value.items.length * count);
  return { ...value, items: new Array<readonly Value[]>(value.items.length === 0 ? 0 : count).fill(value.items).flat() };
}

function arithmetic(operator: string, a: Value, b: Value): Value {
  const x = numberOf(a);
  const y = numberOf(b);
  if (x === undefined || y === undefined) throw refused(`expected two numbers or two texts around ${operator} but found ${described(a)} and ${described(b)}. Convert one, or use ~ to join texts.`);
  if (y === 0 && ['/', '//', '%'].includes(operator)) throw refused(`expected a divisor other than 0 but found 0 on the right of ${operator}. Test it first.`);
  const result = calculate(operator, x, y);
  const float = operator === '/' || kindOf(a) === 'float' || kindOf(b) === 'float' || (operator === '**' && y < 0);
  if (!float && !Number.isSafeInteger(result)) throw refused(`expected an integer below 2⁵³ from ${operator} but found a larger one. Use floats.`);
  return float ? floatOf(result) : result;
}

function calculate(operator: string, x: number, y: number): number {
  switch (operator) {
    case '+': return x + y;
    case '-': return x - y;
    case '*': return x * y;
    case '/': return x / y;
    case '//': return Math.floor(x / y);
    case '%': return x - Math.floor(x / y) * y;
    case '**': return x ** y;
    default: throw refused(`expected an operator but found ${operator}. It is not supported.`);
  }
}

function described(value: Value): string {
  return isUndefined(value) ? `'${value.name}', which is undefined,` : `a ${kindOf(value)}`;
}

/** `value.name`: as in Python the methods of a dict hide fields of the same name. */
export function attributeOf(value: Value, name: string, budget: Budget): Value {
  const found = methodOf(value, name, budget) ?? fieldOf(value, name);
  return found === undefined ? absent(value, name) : found;
}

/** `value[key]`: here fields hide methods. */
export function itemOf(value: Value, key: Value, budget: Budget): Value {
  if (isText(key)) {
    const name = charactersOf(key);
    const field = fieldOf(value, name);
    return field === undefined ? (methodOf(value, name, budget) ?? absent(value, name)) : field;
  }
  if (isUndefined(value)) return absent(value, String(numberOf(key)));
  const index = numberOf(key);
  if (index === undefined || !Number.isInteger(index)) return undefinedOf(`an item under a ${kindOf(key)}`);
  if (isList(value)) return orUndefined(value.items.at(index), `item ${index}`);
  if (!isText(value)) return undefinedOf(`item ${index}`);
  const at = index < 0 ? { start: index, stop: index === -1 ? undefined : index + 1 } : { start: index, stop: index + 1 };
  const found = sliceValue(value, at, budget) as Text;
  return charactersOf(found) === '' ? undefinedOf(`character ${index}`) : found;
}

function fieldOf(value: Value, name: string): Value | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (value.kind === 'dict' || value.kind === 'namespace') return value.entries.get(name);
  return value.kind === 'object' ? value.get(name) : undefined;
}

function absent(value: Value, name: string): Value {
  if (isUndefined(value)) throw refused(`expected a value with the field ${name} but found '${value.name}', which is undefined. Test it with \`is defined\` first.`);
  return undefinedOf(name);
}

function methodOf(value: Value, name: string, budget: Budget): Value | undefined {
  const method = isText(value) ? textMethod(value, name, budget) : isDict(value) ? dictMethod(value, name, budget) : isList(value) ? listMethod(value.items, name, budget) : undefined;
  return method && functionOf(name, method);
}

function dictMethod(dict: Dict, name: string, budget: Budget): ((args: Arguments) => Value) | undefined {
  const listing = (item: (key: string, value: Value) => Value) => (): Value => {
    budget.spend(dict.entries.size);
    return listOf([...dict.entries].map(([key, value]) => item(key, value)));
  };
  switch (name) {
    case 'get': return ({ positional: [key, fallback = null] }) => (isText(key) && dict.entries.has(charactersOf(key)) ? dict.entries.get(charactersOf(key))! : fallback);
    case 'items': return listing((key, value) => tupleOf([keyOf(dict, key), value]));
    case 'keys': return listing((key) => keyOf(dict, key));
    case 'values': return listing((_, value) => value);
    case 'copy': return () => dict;
    case 'pop': case 'popitem': case 'update': case 'clear': case 'setdefault':
      return () => { throw refused(`expected a dict to be left as it is but found ${name}. Templates can't change what they are given; make a new dict.`); };
    default: return undefined;
  }
}

function listMethod(items: readonly Value[], name: string, budget: Budget): ((args: Arguments) => Value) | undefined {
  switch (name) {
    case 'index': return ({ positional: [wanted = null] }) => {
      const at = items.findIndex((item) => equal(item, wanted, budget));
      if (at < 0) throw refused('index: expected an item that is in the list but found none. Test it with `in` first.');
      return at;
    };
    case 'count': return ({ positional: [wanted = null] }) => items.filter((item) => equal(item, wanted, budget)).length;
    case 'append': case 'extend': case 'insert': case 'remove': case 'pop': case 'clear': case 'sort': case 'reverse':
      return () => { throw refused(`expected a list to be left as it is but found ${name}. Templates can't change what they are given; make a new list with +.`); };
    default: return undefined;
  }
}
