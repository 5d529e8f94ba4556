import { type Node, PARSED_FROM } from './gpujs.ts';

/** The functions of Math that every device has, with how many arguments each takes. */
export const MATH_FUNCTIONS: Readonly<Record<string, number>> = {
  abs: 1, sign: 1, floor: 1, ceil: 1, trunc: 1, round: 1, fround: 1, sqrt: 1, cbrt: 1, exp: 1, expm1: 1, log: 1, log1p: 1, log2: 1, log10: 1,
  sin: 1, cos: 1, tan: 1, sinh: 1, cosh: 1, tanh: 1, min: 2, max: 2, pow: 2,
};

/** What else a function may hold, and what to do where it does. */
const UNSUPPORTED: Readonly<Record<string, readonly [string, string]>> = {
  WhileStatement: ['a while loop', 'Count with for (let i = 0; i < 8; i++) and leave by break.'],
  DoWhileStatement: ['a do loop', 'Count with for (let i = 0; i < 8; i++) and leave by break.'],
  ForOfStatement: ['a for-of loop', 'Count with for (let i = 0; i < 8; i++).'],
  ForInStatement: ['a for-in loop', 'Count with for (let i = 0; i < 8; i++).'],
  SwitchStatement: ['a switch', 'Write if and else.'],
  TryStatement: ['a try', 'A kernel cannot fail: return a number for every input.'],
  ThrowStatement: ['a throw', 'A kernel cannot fail: return a number for every input.'],
  LabeledStatement: ['a label', 'Use break and continue without labels.'],
  FunctionDeclaration: ['a function inside the function', 'Write its body where it is called.'],
  FunctionExpression: ['a function inside the function', 'Write its body where it is called.'],
  ArrowFunctionExpression: ['a function inside the function', 'Write its body where it is called.'],
  ClassDeclaration: ['a class', 'Reckon with numbers alone.'],
  NewExpression: ['new', 'Reckon with numbers alone.'],
  ObjectExpression: ['an object', 'Reckon with numbers alone, one to a variable.'],
  ArrayExpression: ['an array', 'Reckon with numbers alone, one to a variable.'],
  TemplateLiteral: ['a text', 'Reckon with numbers alone.'],
  ThisExpression: ['this', 'Take what you need as a parameter; the index is one with the option index: true.'],
  AwaitExpression: ['await', 'Reckon with numbers alone.'],
  SequenceExpression: ['a comma between expressions', 'Write one statement for each.'],
  AssignmentExpression: ['an assignment inside an expression', 'Write it as a statement of its own.'],
  UpdateExpression: ['++ or --', 'Write n += 1; ++ is for the counter of a for loop alone.'],
  ChainExpression: ['?.', 'Reckon with numbers alone.'],
};

/** What a refusal names: the kernel and the text of its function. */
export interface Refusing {
  readonly name: string;
  readonly source: string;
}

/** Text without a space around any operator, as minifiers leave it. */
const isDense = (source: string): boolean => source.length > 30 && !/\n| [-+*/=<>?:] /.test(source);

/** The error for a construct that would not compile or, worse, compile to something else. */
export function refusal({ name, source }: Refusing, node: Node | undefined, found: string, remedy: string): TypeError {
  const from = (node?.start ?? -1) - PARSED_FROM;
  const known = node !== undefined && from >= 0 && from < source.length;
  const text = known ? source.slice(from, node.end - PARSED_FROM).split('\n')[0]!.slice(0, 60) : '';
  const where = known ? ` in line ${source.slice(0, from).split('\n').length}, \`${text}\`` : '';
  const minified = isDense(source) ? ' The function seems to come from a minifier: give its source as a string, or as compiled what preparePortable returned before.' : '';
  return new TypeError(`${name}: expected what a portable kernel may be written with but found ${found}${where}. ${remedy}${minified}`);
}

/** The error for a node that no part of a portable function may be. */
export function refuseNode(context: Refusing, node: Node): TypeError {
  const [found, remedy] = UNSUPPORTED[node.type] ?? [`a ${node.type}`, 'What may be written is listed in the README of portable kernels.'];
  return refusal(context, node, found, remedy);
}
