import { conditionNode, type Expressions, literalNode, lowerExpression, type Make, resultNode, type Value, variableNode } from './expressions.ts';
import type { Node } from './gpujs.ts';
import type { IntRange } from './int-range.ts';
import { refusal, refuseNode } from './subset.ts';

/** What a parameter of a portable function is: one element of a float or an int32 input, a uniform, or the index. */
export type ParameterKind = 'float' | 'int' | 'uniform' | 'index';

export interface Parameter {
  readonly kind: ParameterKind;
  /** What stands for it in the text that gpu.js gets. */
  read(make: Make): Node;
}

/** A variable of the function under its new name. */
type Local = { readonly as: string; readonly range?: IntRange; readonly fixed: boolean };

interface Statements extends Expressions {
  readonly scopes: Map<string, Local>[];
  readonly inLoop: boolean;
  fresh(): string;
}

const ASSIGNMENTS = new Set(['=', '+=', '-=', '*=', '/=']);
const nodesOf = (body: Node | readonly Node[] | undefined): readonly Node[] => (body === undefined ? [] : 'type' in body ? [body] : body);
/** The statements of a block as far as they can be reached. */
function statementsOf(node: Node): readonly Node[] {
  const all = node.type === 'BlockStatement' ? nodesOf(node.body) : [node];
  const last = all.findIndex(({ type }) => type === 'ReturnStatement');
  return last < 0 ? all : all.slice(0, last + 1);
}

function localOf({ scopes }: Statements, name: string): Local | undefined {
  return scopes.findLast((scope) => scope.has(name))?.get(name);
}

function inScope<T>(context: Statements, lower: () => T): T {
  context.scopes.push(new Map());
  const result = lower();
  context.scopes.pop();
  return result;
}

/** Whether every way through these statements returns. */
function returns(statements: readonly Node[]): boolean {
  const last = statements.at(-1);
  if (last === undefined) return false;
  if (last.type === 'ReturnStatement') return true;
  if (last.type === 'BlockStatement') return returns(statementsOf(last));
  return last.type === 'IfStatement' && returns(statementsOf(last.consequent!)) && last.alternate != null && returns(statementsOf(last.alternate));
}

function block(context: Statements, node: Node): Node {
  return context.make('BlockStatement', { body: inScope(context, () => statementsOf(node).flatMap((each) => lowerStatement(context, each))) });
}

function lowerDeclaration(context: Statements, node: Node): Node[] {
  const { make } = context;
  if (node.kind === 'var') throw refusal(context, node, 'var', 'Write let or const.');
  return (node.declarations ?? []).map((declarator) => {
    if (declarator.id!.type !== 'Identifier') throw refusal(context, declarator, 'a pattern', 'Declare one variable after the other.');
    if (declarator.init == null) throw refusal(context, declarator, 'a variable without a value', 'Give it one, for instance 0.');
    const init = variableNode(context, lowerExpression(context, declarator.init), declarator.init);
    const as = context.fresh();
    context.scopes.at(-1)!.set(declarator.id!.name!, { as, fixed: node.kind === 'const' });
    return make('VariableDeclaration', { kind: 'let', declarations: [make('VariableDeclarator', { id: make('Identifier', { name: as }), init })] });
  });
}

function lowerAssignment(context: Statements, node: Node): Node {
  const { make } = context;
  const name = node.left!.name;
  const local = name === undefined ? undefined : localOf(context, name);
  if (local === undefined) throw refusal(context, node, 'an assignment to something else than a variable of the function', 'Copy it into a variable first: let r = x.');
  if (local.fixed) throw refusal(context, node, 'an assignment to a constant or a counter', 'Declare another variable with let.');
  if (!ASSIGNMENTS.has(node.operator!)) throw refusal(context, node, `the operator ${node.operator}`, 'Write r = r … instead.');
  const right = variableNode(context, lowerExpression(context, node.right!), node.right!);
  return make('ExpressionStatement', { expression: make('AssignmentExpression', { operator: node.operator!, left: make('Identifier', { name: local.as }), right }) });
}

/** A loop with a counter between two literals: the one kind that gpu.js runs to its end however long it is. */
function lowerFor(context: Statements, node: Node): Node {
  const { make } = context;
  const refuse = (at: Node | null | undefined): TypeError => refusal(context, at ?? node, 'a for loop with bounds that are not constant', 'Write for (let i = 0; i < 8; i++) with whole literals, and leave early by break.');
  const declarator = node.init?.type === 'VariableDeclaration' && node.init.kind !== 'var' && node.init.declarations!.length === 1 ? node.init.declarations![0]! : undefined;
  const name = declarator?.id!.name;
  const whole = (each: Node | null | undefined): number => {
    const value = each == null ? undefined : lowerExpression(context, each);
    if (value?.kind !== 'literal' || !Number.isInteger(value.value) || Math.abs(value.value) > 2 ** 24) throw refuse(each);
    return value.value;
  };
  const { test, update } = node;
  const isName = (each: Node | null | undefined): boolean => each?.type === 'Identifier' && each.name === name;
  if (name === undefined || (test?.operator !== '<' && test?.operator !== '<=') || !isName(test.left)) throw refuse(test);
  const byOne = (update?.type === 'UpdateExpression' && update.operator === '++' && isName(update.argument))
    || (update?.type === 'AssignmentExpression' && update.operator === '+=' && isName(update.left) && update.right!.value === 1);
  if (!byOne) throw refuse(update);
  const from = whole(declarator!.init);
  const to = whole(test.right);
  return inScope(context, () => {
    const as = context.fresh();
    context.scopes.at(-1)!.set(name, { as, fixed: true, range: { min: from, max: Math.max(from, test.operator === '<' ? to - 1 : to) } });
    const counter = (): Node => make('Identifier', { name: as });
    return make('ForStatement', {
      init: make('VariableDeclaration', { kind: 'let', declarations: [make('VariableDeclarator', { id: counter(), init: literalNode(make, from) })] }),
      test: make('BinaryExpression', { operator: test.operator!, left: counter(), right: literalNode(make, to) }),
      update: make('UpdateExpression', { operator: '++', prefix: false, argument: counter() }),
      body: block({ ...context, inLoop: true }, node.body as Node),
    });
  });
}

function lowerStatement(context: Statements, node: Node): Node[] {
  const { make } = context;
  switch (node.type) {
    case 'EmptyStatement': return [];
    case 'VariableDeclaration': return lowerDeclaration(context, node);
    case 'ExpressionStatement': {
      const { expression } = node;
      // A directive such as 'use strict'.
      if (expression!.type === 'Literal' && typeof expression!.value === 'string') return [];
      if (expression!.type === 'AssignmentExpression') return [lowerAssignment(context, expression!)];
      if (expression!.type === 'UpdateExpression') throw refuseNode(context, expression!);
      throw refusal(context, expression, 'a statement without effect', 'Assign its value to a variable, or return it.');
    }
    case 'ReturnStatement': {
      if (node.argument == null) throw refusal(context, node, 'a return without a value', 'Return a number.');
      const value: Value = lowerExpression(context, node.argument);
      if (value.kind === 'condition') throw refusal(context, node.argument, 'a condition as the result', 'Write condition ? 1 : 0.');
      return [make('ReturnStatement', { argument: resultNode(context, value, node.argument) })];
    }
    case 'IfStatement': {
      const test = conditionNode(context, node.test!);
      return [make('IfStatement', { test, consequent: block(context, node.consequent!), alternate: node.alternate == null ? null : block(context, node.alternate) })];
    }
    case 'ForStatement': return [lowerFor(context, node)];
    case 'BlockStatement': return [block(context, node)];
    case 'BreakStatement':
    case 'ContinueStatement':
      if (!context.inLoop || node.label != null) throw refusal(context, node, 'a jump out of no loop of its own', 'Use break and continue inside a for loop, without a label.');
      return [make(node.type, {})];
    default: throw refuseNode(context, node);
  }
}

/**
 * Checks the syntax tree of a portable function and writes it anew with names of our own (so that no name of the user's can be
 * a word of WGSL), constants reckoned out, and every place where gpu.js and JavaScript would differ made plain or refused.
 *
 * @throws TypeError that names the construct, the line and the remedy.
 */
export function lowerFunction(tree: Node, { name, source, parameters }: { name: string; source: string; parameters: readonly Parameter[] }): Node {
  let position = 1;
  const make: Make = (type, fields) => ({ ...fields, type, start: position++, end: position++ });
  let locals = 0;
  const given = (tree.params ?? []).map((param) => param.name);
  const at = { name, source };
  const pattern = tree.params!.find(({ type }) => type !== 'Identifier');
  if (pattern !== undefined) throw refusal(at, pattern, 'a parameter that is not a plain name', 'Write one name for each input, each uniform and the index, without defaults.');
  if (given.length > parameters.length) {
    throw refusal(at, undefined, `a function of ${given.length} parameters for ${parameters.length} inputs, uniforms and index`, 'Declare what the function takes in inputs, uniforms and index, in that order.');
  }
  const scopes: Map<string, Local>[] = [new Map()];
  const context: Statements = {
    name, source, make, scopes, inLoop: false,
    fresh: () => `v${locals++}`,
    look(each) {
      const local = localOf(context, each);
      if (local !== undefined) {
        const node = make('Identifier', { name: local.as });
        return local.range === undefined ? { kind: 'float', node } : { kind: 'int', node, range: local.range };
      }
      const place = given.lastIndexOf(each);
      if (place < 0) return undefined;
      const { kind, read } = parameters[place]!;
      if (kind === 'int') return { kind, node: read(make), range: { min: -(2 ** 31), max: 2 ** 31 - 1 } };
      if (kind === 'index') return { kind: 'int', node: read(make), range: { min: 0, max: 2 ** 31 - 1 } };
      return { kind: 'float', node: read(make) };
    },
  };
  const body = tree.body as Node;
  const statements = body.type === 'BlockStatement' ? statementsOf(body) : [make('ReturnStatement', { argument: body })];
  if (!returns(statements)) throw refusal(at, undefined, 'a way through the function that returns nothing', 'End with a return, or with an if and an else that both return.');
  return make('FunctionExpression', { params: [], body: make('BlockStatement', { body: statements.flatMap((each) => lowerStatement(context, each)) }) });
}
