import type { Budget } from './budget.ts';
import { compare, contains, equal } from './compare-values.ts';
import { charactersOf } from './marked-text.ts';
import { textOf } from './value-text.ts';
import { isDict, isText, isUndefined, kindOf, numberOf, refused, type Kind, type Value } from './values.ts';

type Test = (value: Value, other: Value, budget: Budget) => boolean;

const ofKind = (...kinds: readonly Kind[]): Test => (value) => kinds.includes(kindOf(value));
const ordered = (holds: (order: number) => boolean): Test => (value, other, budget) => holds(compare(value, other, budget));
const printed = (holds: (text: string) => boolean): Test => (value, _, budget) => holds(charactersOf(textOf(value, budget)));
const isEqual: Test = (value, other, budget) => equal(value, other, budget);
const isUnequal: Test = (value, other, budget) => !equal(value, other, budget);
const greater = ordered((order) => order > 0);
const less = ordered((order) => order < 0);
const atLeast = ordered((order) => order >= 0);
const atMost = ordered((order) => order <= 0);

function integer(value: Value): number {
  const found = numberOf(value);
  if (found === undefined) throw refused(`expected a number to test but found a ${kindOf(value)}. Convert it with \`| int\`.`);
  return found;
}

const TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['boolean', ofKind('bool')],
  ['callable', ofKind('function', 'undefined')],
  ['defined', (value) => !isUndefined(value)],
  ['divisibleby', (value, other) => integer(value) % integer(other) === 0],
  ['eq', isEqual],
  ['equalto', isEqual],
  ['even', (value) => integer(value) % 2 === 0],
  ['false', (value) => value === false],
  ['float', ofKind('float')],
  ['ge', atLeast],
  ['greaterthan', greater],
  ['gt', greater],
  ['in', (value, other, budget) => contains(other, value, budget)],
  ['integer', ofKind('int')],
  ['iterable', ofKind('text', 'list', 'dict', 'undefined')],
  ['le', atMost],
  ['lessthan', less],
  ['lower', printed((text) => text === text.toLowerCase() && /\p{Ll}/u.test(text))],
  ['lt', less],
  ['mapping', (value) => isDict(value)],
  ['ne', isUnequal],
  ['none', ofKind('none')],
  ['number', ofKind('bool', 'int', 'float')],
  ['odd', (value) => Math.abs(integer(value) % 2) === 1],
  ['sameas', (value, other) => (isText(value) && isText(other) ? charactersOf(value) === charactersOf(other) : value === other)],
  ['sequence', ofKind('text', 'list', 'dict', 'undefined')],
  ['string', ofKind('text')],
  ['true', (value) => value === true],
  ['undefined', (value) => isUndefined(value)],
  ['upper', printed((text) => text === text.toUpperCase() && /\p{Lu}/u.test(text))],
]);

/** Whether `value is name`, with the argument that a test may take where `select` passes one. */
export function passesTest(name: string, value: Value, { args, budget }: { args: readonly Value[]; budget: Budget }): boolean {
  const test = TESTS.get(name);
  if (!test) throw refused(`expected a test but found ${name}. These are supported: ${[...TESTS.keys()].join(', ')}.`);
  budget.spend(1 + (isText(value) ? charactersOf(value).length / 64 : 0));
  return test(value, args[0] ?? null, budget);
}
