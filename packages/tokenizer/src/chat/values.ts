import { checkDepth, type Budget } from './budget.ts';
import { ChatTemplateError } from './chat-template-error.ts';
import { markAll, type Text } from './marked-text.ts';

/** A value of a template, as Python sees it: a JavaScript number is an int, and a float is an object. */
export type Value = null | boolean | number | Text | Float | Undefined | List | Dict | Namespace | HostObject | Callable;

export interface Float { readonly kind: 'float'; readonly value: number }
/** What a name or a field that does not exist gives. */
export interface Undefined { readonly kind: 'undefined'; readonly name: string }
export interface List { readonly kind: 'list'; readonly items: readonly Value[]; readonly tuple: boolean }
export interface Dict {
  readonly kind: 'dict';
  readonly entries: ReadonlyMap<string, Value>;
  /** The keys come from the conversation, so their characters count as content. */
  readonly foreign: boolean;
}
export interface Namespace { readonly kind: 'namespace'; readonly entries: Map<string, Value> }
/** `loop` and its like: fields by name, nothing else. */
export interface HostObject { readonly kind: 'object'; readonly name: string; readonly get: (field: string) => Value | undefined }
export interface Callable { readonly kind: 'function'; readonly name: string; readonly call: (args: Arguments) => Value }
export interface Arguments { readonly positional: readonly Value[]; readonly named: ReadonlyMap<string, Value> }

/** A float. */
export const floatOf = (value: number): Float => ({ kind: 'float', value });
/** What the missing thing of that name gives; an error that it causes later says the name. */
export const undefinedOf = (name: string): Undefined => ({ kind: 'undefined', name });
/** A list. */
export const listOf = (items: readonly Value[]): List => ({ kind: 'list', items, tuple: false });
/** A tuple, which prints with parentheses and equals no list. */
export const tupleOf = (items: readonly Value[]): List => ({ kind: 'list', items, tuple: true });
/** A function that templates can call. */
export const functionOf = (name: string, call: (args: Arguments) => Value): Callable => ({ kind: 'function', name, call });

/** A value that may not be there; None is. */
export const orUndefined = (value: Value | undefined, name: string): Value => (value === undefined ? undefinedOf(name) : value);

/** The error for what Jinja2 refuses as well, or what is not supported. */
export function refused(message: string): ChatTemplateError {
  return new ChatTemplateError('E_TEMPLATE_RUNTIME', `render: ${message}`);
}

export type Kind = 'none' | 'bool' | 'int' | 'float' | 'text' | 'undefined' | 'list' | 'dict' | 'namespace' | 'object' | 'function';

/** What kind of value it is. */
export function kindOf(value: Value): Kind {
  if (value === null) return 'none';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'int';
  return typeof value === 'string' ? 'text' : value.kind;
}

/** Whether a value is a text. */
export function isText(value: Value | undefined): value is Text {
  return typeof value === 'string' || (typeof value === 'object' && value !== null && value.kind === 'text');
}

/** Whether a value is a list or a tuple. */
export function isList(value: Value | undefined): value is List {
  return typeof value === 'object' && value !== null && value.kind === 'list';
}

/** Whether a value is a dict. */
export function isDict(value: Value | undefined): value is Dict {
  return typeof value === 'object' && value !== null && value.kind === 'dict';
}

/** Whether a value is what something missing gives. */
export function isUndefined(value: Value | undefined): value is Undefined {
  return typeof value === 'object' && value !== null && value.kind === 'undefined';
}

/** The number behind an int, a float or a bool, or undefined. */
export function numberOf(value: Value | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'object' && value !== null && value.kind === 'float' ? value.value : undefined;
}

/** A key as a value: content where the dict came from the conversation. */
export function keyOf(dict: Dict, key: string): Text {
  return dict.foreign ? markAll(key, 'content') : key;
}

/** Python's truth: nothing, zero and what is empty are false. */
export function isTrue(value: Value): boolean {
  switch (kindOf(value)) {
    case 'none': case 'undefined': return false;
    case 'bool': return value as boolean;
    case 'int': case 'float': return numberOf(value) !== 0;
    case 'text': return value !== '' && (value as { text?: string }).text !== '';
    case 'list': return (value as List).items.length > 0;
    case 'dict': return (value as Dict).entries.size > 0;
    default: return true;
  }
}

/** Plain data as values. Its texts are content of the conversation, or the template's own where `trusted`. */
export function valueOf(data: unknown, options: { budget: Budget; trusted: boolean }, depth = 0): Value {
  const { budget, trusted } = options;
  budget.spend(1);
  checkDepth(depth);
  if (data === null || typeof data === 'boolean') return data;
  if (typeof data === 'number') return Number.isSafeInteger(data) ? data : floatOf(data);
  if (typeof data === 'string') {
    budget.spendText(data.length);
    return trusted ? data : markAll(data, 'content');
  }
  if (Array.isArray(data)) return listOf(data.map((item) => valueOf(item, options, depth + 1)));
  if (typeof data !== 'object') throw new TypeError(`render: expected plain data but found ${data === undefined ? 'undefined' : `a ${typeof data}`}. Pass what JSON can hold.`);
  const entries = new Map<string, Value>();
  for (const [key, item] of Object.entries(data)) if (item !== undefined) entries.set(key, valueOf(item, options, depth + 1));
  return { kind: 'dict', entries, foreign: !trusted };
}
