import type { Budget } from './budget.ts';
import { charactersOf, type Text } from './marked-text.ts';
import { compareTexts, occurrences, occurrencesFromRight } from './python-text.ts';
import { isDict, isList, isText, isUndefined, kindOf, numberOf, refused, type Value } from './values.ts';

/** `a == b`. */
export function equal(a: Value, b: Value, budget: Budget): boolean {
  budget.spend(1);
  const x = numberOf(a);
  if (x !== undefined) return x === numberOf(b);
  if (isText(a)) {
    const left = charactersOf(a);
    budget.spend(left.length / 64);
    return isText(b) && left === charactersOf(b);
  }
  if (isList(a)) return isList(b) && a.tuple === b.tuple && a.items.length === b.items.length && a.items.every((item, i) => equal(item, b.items[i]!, budget));
  if (isDict(a)) {
    if (!isDict(b) || a.entries.size !== b.entries.size) return false;
    return [...a.entries].every(([key, item]) => b.entries.has(key) && equal(item, b.entries.get(key)!, budget));
  }
  return isUndefined(a) ? isUndefined(b) : a === b;
}

/** Negative, zero or positive, as Python orders numbers, texts and lists; what it does not order throws. */
export function compare(a: Value, b: Value, budget: Budget): number {
  budget.spend(1);
  const x = numberOf(a);
  const y = numberOf(b);
  if (x !== undefined && y !== undefined) return x - y;
  if (isText(a) && isText(b)) {
    const left = charactersOf(a);
    budget.spend(left.length / 64);
    return compareTexts(left, charactersOf(b));
  }
  if (isList(a) && isList(b)) {
    const at = a.items.findIndex((item, i) => i >= b.items.length || !equal(item, b.items[i]!, budget));
    if (at < 0) return a.items.length - b.items.length;
    return at < b.items.length ? compare(a.items[at]!, b.items[at]!, budget) : 1;
  }
  throw refused(`expected two numbers or two texts to compare but found a ${kindOf(a)} and a ${kindOf(b)}. Convert one of them.`);
}

/** `item in container`. */
export function contains(container: Value, item: Value, budget: Budget): boolean {
  if (isText(container)) {
    if (!isText(item)) throw refused(`expected a text to look for in a text but found a ${kindOf(item)}. Convert it with \`| string\`.`);
    return find(container, item, budget).length > 0;
  }
  if (isList(container)) return container.items.some((other) => equal(item, other, budget));
  if (isDict(container)) return isText(item) && container.entries.has(charactersOf(item));
  if (isUndefined(container)) return false;
  throw refused(`expected a text, list or dict on the right of \`in\` but found a ${kindOf(container)}. Test it with \`is iterable\` first.`);
}

/** Where `pattern` begins in `text`, without overlaps, looked for from the left or from the right; paid for. */
export function find(text: Text, pattern: Text, budget: Budget, { limit = 1, fromRight = false }: { limit?: number; fromRight?: boolean } = {}): number[] {
  const characters = charactersOf(text);
  const looked = charactersOf(pattern);
  budget.spend((characters.length + looked.length) / 8 + 1);
  return (fromRight ? occurrencesFromRight : occurrences)(characters, looked, limit);
}
