import type { Budget } from './budget.ts';
import { charactersOf, sliceText, type Text } from './marked-text.ts';
import { unitOf } from './python-text.ts';
import { isDict, isList, isText, isUndefined, keyOf, kindOf, refused, type Value } from './values.ts';

/** What a loop goes over: items, keys, characters; nothing where the value is undefined. Paid for. */
export function itemsIn(value: Value, budget: Budget): readonly Value[] {
  if (isList(value)) {
    budget.spend(value.items.length);
    return value.items;
  }
  if (isDict(value)) {
    budget.spend(value.entries.size);
    return [...value.entries.keys()].map((key) => keyOf(value, key));
  }
  if (isText(value)) return charactersIn(value, budget);
  if (isUndefined(value)) return [];
  throw refused(`expected a list, dict or text to go over but found a ${kindOf(value)}. Test it with \`is iterable\` first.`);
}

function charactersIn(text: Text, budget: Budget): Text[] {
  const characters = charactersOf(text);
  budget.spend(characters.length);
  const items: Text[] = [];
  for (let at = 0; at < characters.length; ) {
    const end = at + (characters.codePointAt(at)! > 0xffff ? 2 : 1);
    items.push(sliceText(text, at, end));
    at = end;
  }
  return items;
}

/** `value[start:stop:step]` of a list or a text, by code points. */
export function sliceValue(value: Value, bounds: { start?: number | undefined; stop?: number | undefined; step?: number | undefined }, budget: Budget): Value {
  const { step = 1 } = bounds;
  if (step === 0) throw refused('expected a slice step other than 0 but found 0. Use 1 or −1.');
  if (isText(value) && step === 1) {
    const characters = charactersOf(value);
    budget.spendText(characters.length);
    const { length } = Array.from(characters);
    const [start, stop] = [place(bounds.start ?? 0, length), place(bounds.stop ?? length, length)];
    return sliceText(value, unitOf(characters, start), unitOf(characters, Math.max(start, stop)));
  }
  if (!isText(value) && !isList(value)) throw refused(`expected a list or text to cut but found a ${kindOf(value)}. Make a list of it.`);
  const items = itemsIn(value, budget);
  const picked: Value[] = [];
  if (step > 0) {
    const stop = place(bounds.stop ?? items.length, items.length);
    for (let i = place(bounds.start ?? 0, items.length); i < stop; i += step) picked.push(items[i]!);
  } else {
    const from = bounds.start === undefined ? items.length - 1 : Math.min(bounds.start < 0 ? bounds.start + items.length : bounds.start, items.length - 1);
    const stop = bounds.stop === undefined ? -1 : Math.max(bounds.stop < 0 ? bounds.stop + items.length : bounds.stop, -1);
    for (let i = from; i > stop; i += step) picked.push(items[i]!);
  }
  if (isText(value)) return budget.concat(picked.filter(isText));
  return { ...value, items: picked };
}

function place(index: number, length: number): number {
  return index < 0 ? Math.max(0, index + length) : Math.min(index, length);
}
