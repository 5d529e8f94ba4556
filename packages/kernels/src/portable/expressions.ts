import type { Node } from './gpujs.ts';
import { arithmeticRange, bitwiseRange, EXACT_FLOAT, INT32, type IntRange, isWithin } from './int-range.ts';
import { MATH_FUNCTIONS, refusal, refuseNode, type Refusing } from './subset.ts';

/** What an expression is: a number known now, a whole number of a known range, a 32-bit float, or a condition. */
export type Value =
  | { readonly kind: 'literal'; readonly value: number }
  | { readonly kind: 'int'; readonly node: Node; readonly range: IntRange }
  | { readonly kind: 'float'; readonly node: Node }
  | { readonly kind: 'condition'; readonly node: Node };

/** Makes nodes for gpu.js, which knows them by their positions: each gets its own. */
export type Make = (type: string, fields: Partial<Node>) => Node;

export interface Expressions extends Refusing {
  readonly make: Make;
  /** What a name stands for, or undefined where the function has no such name. */
  look(name: string): Value | undefined;
}

const MOST_FLOAT = 3.4028234663852886e38;
const COMPARISONS = new Set(['<', '<=', '>', '>=', '===', '!==', '==', '!=']);
const BITWISE = new Set(['&', '|', '^', '<<', '>>', '>>>']);

/** The node of a literal. */
export const literalNode = (make: Make, value: number): Node => make('Literal', { value });

function literal(context: Expressions, node: Node, value: number): Value {
  if (!(Math.abs(value) <= MOST_FLOAT)) throw refusal(context, node, `the number ${value}`, 'A 32-bit float reaches to 3.4e38; stay below, for instance with Math.min.');
  return { kind: 'literal', value };
}

const float = (node: Node): Value => ({ kind: 'float', node });
/** A call that all devices take as a float, whatever its argument. */
const fround = ({ make }: Expressions, argument: Node): Node => make('CallExpression', {
  callee: make('MemberExpression', { object: make('Identifier', { name: 'Math' }), property: make('Identifier', { name: 'fround' }), computed: false }),
  arguments: [argument],
});

/** The node of a number in arithmetic, where gpu.js turns integers into floats by itself. */
function numberNode(context: Expressions, value: Value, at: Node): Node {
  if (value.kind === 'condition') throw refusal(context, at, 'a condition where a number is needed', 'Write condition ? 1 : 0.');
  if (value.kind === 'literal') return literalNode(context.make, value.value);
  if (value.kind === 'int' && !isWithin(value.range, INT32)) {
    throw refusal(context, at, `a whole number that may leave 32 bits (${value.range.min} to ${value.range.max})`, 'Mask it first, for instance (x >>> 1) or (x & 0xffff), or reckon with Math.fround(x).');
  }
  return value.node;
}

/** The node of a result, a float whatever it was. */
export function resultNode(context: Expressions, value: Value, at: Node): Node {
  const node = numberNode(context, value, at);
  return value.kind === 'int' ? fround(context, node) : node;
}

/** The node of what a variable, which is a float, is set to: an integer must survive that, unless Math.fround says that it need not. */
export function variableNode(context: Expressions, value: Value, at: Node): Node {
  if (value.kind === 'int' && !isWithin(value.range, EXACT_FLOAT)) {
    throw refusal(context, at, 'a variable for a whole number beyond 24 bits, and variables are 32-bit floats', 'Write the expression where it is used, mask it (& 0xffffff), or round it with Math.fround.');
  }
  return resultNode(context, value, at);
}

/** The node of a condition. */
export function conditionNode(context: Expressions, node: Node): Node {
  const value = lowerExpression(context, node);
  if (value.kind === 'condition') return value.node;
  throw refusal(context, node, 'a number where a condition is needed', 'Compare it, for instance x !== 0.');
}

/** What a name stands for as an integer with its range, or the error. */
function wholeOf(context: Expressions, value: Value, at: Node): { node: Node; range: IntRange } {
  if (value.kind === 'int') return value;
  if (value.kind === 'literal' && Number.isInteger(value.value) && isWithin({ min: value.value, max: value.value }, INT32)) {
    return { node: literalNode(context.make, value.value), range: { min: value.value, max: value.value } };
  }
  throw refusal(context, at, 'a bitwise operator on something else than a 32-bit whole number', 'It takes int32 inputs, the index, whole literals, and what bitwise operators make of them; variables are floats.');
}

function lowerMath(context: Expressions, node: Node): Value {
  const name = node.callee!.property!.name!;
  const arity = MATH_FUNCTIONS[name];
  if (arity === undefined) throw refusal(context, node, `Math.${name}`, `Every device has ${Object.keys(MATH_FUNCTIONS).map((each) => `Math.${each}`).join(', ')}.`);
  const given = node.arguments ?? [];
  if (given.length !== arity) throw refusal(context, node, `Math.${name} of ${given.length} numbers`, `It takes ${arity} here.`);
  const values = given.map((each) => lowerExpression(context, each));
  if (values.every((value) => value.kind === 'literal')) {
    return literal(context, node, (Math as unknown as Record<string, (...numbers: number[]) => number>)[name]!(...values.map(({ value }) => value)));
  }
  const { make } = context;
  return float(make('CallExpression', {
    callee: make('MemberExpression', { object: make('Identifier', { name: 'Math' }), property: make('Identifier', { name }), computed: false }),
    arguments: values.map((value, i) => numberNode(context, value, given[i]!)),
  }));
}

function lowerArithmetic(context: Expressions, node: Node, a: Value, b: Value): Value {
  const operator = node.operator as '+' | '-' | '*' | '/' | '**';
  if (a.kind === 'literal' && b.kind === 'literal') {
    const [x, y] = [a.value, b.value];
    return literal(context, node, operator === '+' ? x + y : operator === '-' ? x - y : operator === '*' ? x * y : operator === '/' ? x / y : x ** y);
  }
  const { make } = context;
  const rangeOf = (value: Value): IntRange | undefined => (value.kind === 'int' ? value.range
    : value.kind === 'literal' && Number.isInteger(value.value) ? { min: value.value, max: value.value } : undefined);
  const [ra, rb] = [rangeOf(a), rangeOf(b)];
  if (operator !== '/' && operator !== '**' && ra !== undefined && rb !== undefined) {
    const range = arithmeticRange(operator, ra, rb);
    // Only the low 32 bits exist on a device, so an operand beyond them is fine as long as it is reckoned without rounding.
    if (range === undefined) throw refusal(context, node, 'a product of whole numbers beyond 53 bits', 'Mask its factors, or reckon with Math.fround(x).');
    const operand = (value: Value, at: Node): Node => (value.kind === 'literal' ? wholeOf(context, value, at).node : (value as { node: Node }).node);
    return { kind: 'int', range, node: make('BinaryExpression', { operator, left: operand(a, node.left!), right: operand(b, node.right!) }) };
  }
  if (operator === '/') {
    for (const [value, at] of [[a, node.left!], [b, node.right!]] as const) {
      if (value.kind === 'int' && !isWithin(value.range, EXACT_FLOAT)) throw refusal(context, at, 'a division of a whole number beyond 24 bits, which divides as a 32-bit float', 'Shift it (>> for powers of two), mask it (& 0xffffff), or round it with Math.fround.');
    }
  }
  // A square or a cube of a name as a product: a power goes through logarithms.
  if (operator === '**' && b.kind === 'literal' && (b.value === 2 || b.value === 3) && node.left!.type === 'Identifier') {
    const factor = (): Node => numberNode(context, lowerExpression(context, node.left!), node.left!);
    const square = make('BinaryExpression', { operator: '*', left: fround(context, factor()), right: fround(context, factor()) });
    return float(b.value === 2 ? square : make('BinaryExpression', { operator: '*', left: square, right: fround(context, factor()) }));
  }
  return float(make('BinaryExpression', { operator, left: numberNode(context, a, node.left!), right: numberNode(context, b, node.right!) }));
}

function lowerBinary(context: Expressions, node: Node): Value {
  const operator = node.operator!;
  const a = lowerExpression(context, node.left!);
  const b = lowerExpression(context, node.right!);
  if (BITWISE.has(operator)) {
    const left = wholeOf(context, a, node.left!);
    const right = wholeOf(context, b, node.right!);
    if (operator.length > 1 && !isWithin(right.range, { min: 0, max: 31 })) throw refusal(context, node.right, 'a shift that may be below 0 or above 31', 'Mask the number of bits: (n & 31).');
    if (a.kind === 'literal' && b.kind === 'literal') throw refusal(context, node, 'a bitwise operator on two literals', 'Write its result.');
    return { kind: 'int', range: bitwiseRange(operator, left.range, right.range), node: context.make('BinaryExpression', { operator, left: left.node, right: right.node }) };
  }
  if (COMPARISONS.has(operator)) {
    if (a.kind === 'literal' && b.kind === 'literal') throw refusal(context, node, 'a condition that is always the same', 'Leave it out.');
    const strict = operator === '==' ? '===' : operator === '!=' ? '!==' : operator;
    // Beside an integer a whole literal is taken as an integer, and must be one.
    const side = (value: Value, other: Value, at: Node): Node => (value.kind === 'literal' && other.kind === 'int' && Number.isInteger(value.value)
      ? wholeOf(context, value, at).node : numberNode(context, value, at));
    return { kind: 'condition', node: context.make('BinaryExpression', { operator: strict, left: side(a, b, node.left!), right: side(b, a, node.right!) }) };
  }
  if (operator === '%') throw refusal(context, node, '%', 'Write x & (n - 1) for powers of two, else x - n * Math.floor(x / n).');
  if (!['+', '-', '*', '/', '**'].includes(operator)) throw refusal(context, node, `the operator ${operator}`, 'Reckon with numbers alone.');
  return lowerArithmetic(context, node, a, b);
}

function lowerUnary(context: Expressions, node: Node): Value {
  const { make } = context;
  const argument = node.argument!;
  if (node.operator === '!') return { kind: 'condition', node: make('UnaryExpression', { operator: '!', prefix: true, argument: conditionNode(context, argument) }) };
  if (node.operator === '+' || node.operator === '-') {
    const value = lowerExpression(context, argument);
    if (node.operator === '+') return value.kind === 'condition' ? float(numberNode(context, value, argument)) : value;
    if (value.kind === 'literal') return literal(context, node, -value.value);
    if (value.kind === 'int') return lowerArithmetic(context, { ...node, operator: '-', left: argument, right: argument }, { kind: 'literal', value: 0 }, value);
    return float(make('UnaryExpression', { operator: '-', prefix: true, argument: numberNode(context, value, argument) }));
  }
  if (node.operator === '~') {
    const { node: whole, range } = wholeOf(context, lowerExpression(context, argument), argument);
    return { kind: 'int', range: isWithin(range, INT32) ? { min: ~range.max, max: ~range.min } : INT32, node: make('UnaryExpression', { operator: '~', prefix: true, argument: whole }) };
  }
  throw refusal(context, node, `the operator ${node.operator}`, 'Reckon with numbers alone.');
}

function lowerConditional(context: Expressions, node: Node): Value {
  const { make } = context;
  const test = conditionNode(context, node.test!);
  const branch = (each: Node): Node => {
    const value = lowerExpression(context, each);
    // gpu.js takes the type of the whole from its first branch: a float for both leaves nothing to guess.
    return value.kind === 'literal' ? fround(context, literalNode(make, value.value)) : resultNode(context, value, each);
  };
  return float(make('ConditionalExpression', { test, consequent: branch(node.consequent!), alternate: branch(node.alternate!) }));
}

/** Checks an expression and writes it anew, so that gpu.js and JavaScript mean the same by it. */
export function lowerExpression(context: Expressions, node: Node): Value {
  switch (node.type) {
    case 'Literal':
      if (typeof node.value !== 'number') throw refusal(context, node, `a literal that is no number`, 'Reckon with numbers alone.');
      return literal(context, node, node.value);
    case 'Identifier': {
      const name = node.name!;
      const found = context.look(name);
      if (found !== undefined) return found;
      if (name === 'Infinity' || name === 'NaN') throw refusal(context, node, name, 'Graphics cards promise nothing about it: take a large number, such as 3e38.');
      throw refusal(context, node, `the name ${name} from outside the function`, 'Make it a uniform, or write its value into the function.');
    }
    case 'MemberExpression': {
      const value = node.object!.type === 'Identifier' && node.object!.name === 'Math' && node.computed !== true ? (Math as unknown as Record<string, unknown>)[node.property!.name!] : undefined;
      if (typeof value === 'number') return literal(context, node, value);
      throw refusal(context, node, 'a property', 'Only Math may be looked into; what else you need is a parameter or a uniform.');
    }
    case 'CallExpression': {
      const { callee } = node;
      if (callee!.type === 'MemberExpression' && callee!.object!.type === 'Identifier' && callee!.object!.name === 'Math' && callee!.computed !== true) return lowerMath(context, node);
      throw refusal(context, node, 'a call of something else than Math', 'Write the body of the function where it is called.');
    }
    case 'BinaryExpression': return lowerBinary(context, node);
    case 'LogicalExpression': {
      if (node.operator === '??') throw refusal(context, node, 'the operator ??', 'Reckon with numbers alone.');
      return { kind: 'condition', node: context.make('LogicalExpression', { operator: node.operator!, left: conditionNode(context, node.left!), right: conditionNode(context, node.right!) }) };
    }
    case 'UnaryExpression': return lowerUnary(context, node);
    case 'ConditionalExpression': return lowerConditional(context, node);
    default: throw refuseNode(context, node);
  }
}
