import { readArguments, type ArgumentReader } from './arguments.ts';
import type { Budget } from './budget.ts';
import type { Arguments, Value } from './values.ts';

/** What filters need of the interpreter. */
export interface FilterContext {
  readonly budget: Budget;
  /** The field of a value: `value[name]`. */
  readonly attribute: (value: Value, name: string | number) => Value;
  /** Applies another filter (`map('upper')`). */
  readonly filter: (name: string, value: Value, args: Arguments) => Value;
  /** Applies a test (`select('string')`). */
  readonly test: (name: string, value: Value, args: readonly Value[]) => boolean;
  /** Filters that whoever compiled the template added. */
  readonly added?: ReadonlyMap<string, Filter> | undefined;
}

/** A filter: what it makes of a value. */
export type Filter = (value: Value, call: { readonly name: string; readonly args: Arguments }, context: FilterContext) => Value;

/** A filter that takes the arguments of these names, in order. */
export function taking(names: readonly string[], run: (value: Value, args: ArgumentReader, context: FilterContext) => Value): Filter {
  return (value, { name, args }, context) => run(value, readArguments(name, args, names), context);
}
