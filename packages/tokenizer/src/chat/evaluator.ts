import type { Budget } from './budget.ts';
import { attributeOf, itemOf, operate } from './expressions.ts';
import type { Filter, FilterContext } from './filter-context.ts';
import { applyFilter } from './filters.ts';
import { itemsIn, sliceValue } from './iterate.ts';
import type { CallNode, Identifier, Node } from './jinja-nodes.ts';
import { charactersOf } from './marked-text.ts';
import { passesTest } from './value-tests.ts';
import {
  floatOf, isDict, isText, isTrue, isUndefined, kindOf, listOf, numberOf, refused, tupleOf, undefinedOf, type Arguments, type Callable, type Value,
} from './values.ts';

// What a strict evaluator lets the undefined into.
const TAKES_UNDEFINED: ReadonlySet<string> = new Set(['default', 'd']);
const nameOf = (filter: Identifier | CallNode): string => (filter.type === 'Identifier' ? filter.value : filter.callee.type === 'Identifier' ? filter.callee.value : '');

/** The names that a block sees: its own, then those of the blocks around it. */
export interface Scope { readonly variables: Map<string, Value>; readonly parent: Scope | undefined }

/** What statements need of expressions. */
export interface Evaluator {
  evaluate(node: Node, scope: Scope): Value;
  /** The same for a value that is printed, tested or gone over: where the evaluator is strict it must be defined. */
  used(node: Node, scope: Scope): Value;
  argumentsOf(call: CallNode, scope: Scope): Arguments;
  invoke(callee: Value, args: Arguments): Value;
  /** What a filter, with the arguments written at it, makes of a value. */
  filtered(filter: Identifier | CallNode, value: Value, scope: Scope): Value;
}

/** Ways to run a template other than as transformers does. */
export interface EvaluatorOptions {
  /** Refuse to use what is undefined, as Jinja2's StrictUndefined does: it may only be tested for it or given a default. */
  readonly strict?: boolean;
  /** Filters beside Jinja's own. */
  readonly filters?: ReadonlyMap<string, Filter> | undefined;
}

/** An {@link Evaluator} over the given functions; every node that it looks at is paid for. */
export function evaluator(globals: ReadonlyMap<string, Callable>, budget: Budget, { strict = false, filters }: EvaluatorOptions = {}): Evaluator {
  const context: FilterContext = {
    budget,
    added: filters,
    attribute: (value, name) => itemOf(value, name, budget),
    filter: (name, value, args) => applyFilter(name, value, { args, context }),
    test: (name, value, args) => passesTest(name, value, { args, budget }),
  };

  function lookUp(name: string, from: Scope): Value {
    for (let scope: Scope | undefined = from; scope; scope = scope.parent) {
      const value = scope.variables.get(name);
      if (value !== undefined) return value;
    }
    switch (name) {
      case 'true': case 'True': return true;
      case 'false': case 'False': return false;
      case 'none': case 'None': return null;
      default: return globals.get(name) ?? undefinedOf(name);
    }
  }

  function invoke(callee: Value, args: Arguments): Value {
    if (kindOf(callee) !== 'function') throw refused(`expected a function to call but found ${kindOf(callee) === 'undefined' ? `'${(callee as { name: string }).name}', which is undefined` : `a ${kindOf(callee)}`}. Check its name; not all of Python's methods are supported.`);
    return (callee as Callable).call(args);
  }

  function argumentsOf({ args }: CallNode, scope: Scope): Arguments {
    const positional: Value[] = [];
    const named = new Map<string, Value>();
    for (const arg of args) {
      if (arg.type === 'KeywordArgumentExpression') named.set(arg.key.value, evaluate(arg.value, scope));
      else if (arg.type === 'SpreadExpression') positional.push(...itemsIn(evaluate(arg.argument, scope), budget));
      else if (arg.type === 'KeywordSpreadExpression') {
        const spread = evaluate(arg.argument, scope);
        if (!isDict(spread)) throw refused(`expected a dict after ** but found a ${kindOf(spread)}. Pass one.`);
        for (const [key, value] of spread.entries) named.set(key, value);
      } else positional.push(evaluate(arg, scope));
    }
    return { positional, named };
  }

  function filtered(filter: Identifier | CallNode, value: Value, scope: Scope): Value {
    if (filter.type === 'Identifier') return applyFilter(filter.value, value, { args: { positional: [], named: new Map() }, context });
    if (filter.callee.type !== 'Identifier') throw refused(`expected the name of a filter but found a ${filter.callee.type}. Put parentheses around what is filtered.`);
    return applyFilter(filter.callee.value, value, { args: argumentsOf(filter, scope), context });
  }

  function member(node: Node & { type: 'MemberExpression' }, scope: Scope): Value {
    const owner = evaluate(node.object, scope);
    const { property } = node;
    if (!node.computed) return property.type === 'Identifier' ? attributeOf(owner, property.value, budget) : itemOf(owner, evaluate(property, scope), budget);
    if (property.type !== 'SliceExpression') return itemOf(owner, evaluate(property, scope), budget);
    const bound = (bounding: Node | undefined): number | undefined => (bounding ? numberOf(evaluate(bounding, scope)) : undefined);
    return sliceValue(owner, { start: bound(property.start), stop: bound(property.stop), step: bound(property.step) }, budget);
  }

  function used(node: Node, scope: Scope): Value {
    const value = evaluate(node, scope);
    if (strict && isUndefined(value)) throw refused(`expected ${value.name} to be defined but found nothing of that name. Give it a value, or a default.`);
    return value;
  }

  function evaluate(node: Node, scope: Scope): Value {
    budget.spend(1);
    switch (node.type) {
      case 'StringLiteral': case 'IntegerLiteral': return node.value;
      case 'FloatLiteral': return floatOf(node.value);
      case 'ArrayLiteral': return listOf(node.value.map((item) => evaluate(item, scope)));
      case 'TupleLiteral': return tupleOf(node.value.map((item) => evaluate(item, scope)));
      case 'ObjectLiteral': {
        const entries = [...node.value].map(([key, value]): [string, Value] => {
          const name = evaluate(key, scope);
          if (!isText(name)) throw refused(`expected texts as keys of a dict but found a ${kindOf(name)}. Convert it.`);
          return [charactersOf(name), evaluate(value, scope)];
        });
        return { kind: 'dict', entries: new Map(entries), foreign: false };
      }
      case 'Identifier': return lookUp(node.value, scope);
      case 'CallExpression': return invoke(evaluate(node.callee, scope), argumentsOf(node, scope));
      case 'MemberExpression': return member(node, scope);
      case 'BinaryExpression': {
        const left = used(node.left, scope);
        if (node.operator.value === 'and') return isTrue(left) ? evaluate(node.right, scope) : left;
        if (node.operator.value === 'or') return isTrue(left) ? left : evaluate(node.right, scope);
        return operate(node.operator.value, [left, used(node.right, scope)], budget);
      }
      case 'UnaryExpression': {
        const value = used(node.argument, scope);
        if (node.operator.value === 'not') return !isTrue(value);
        return operate(node.operator.value, [0, value], budget);
      }
      case 'FilterExpression': return filtered(node.filter, TAKES_UNDEFINED.has(nameOf(node.filter)) ? evaluate(node.operand, scope) : used(node.operand, scope), scope);
      case 'TestExpression': return passesTest(node.test.value, evaluate(node.operand, scope), { args: [], budget }) !== node.negate;
      case 'Ternary': return evaluate(isTrue(used(node.condition, scope)) ? node.trueExpr : node.falseExpr, scope);
      case 'SelectExpression': return isTrue(used(node.test, scope)) ? evaluate(node.lhs, scope) : undefinedOf('the missing else of an inline if');
      default: throw refused(`expected an expression but found a ${node.type}. It is not supported here.`);
    }
  }

  return { evaluate, used, argumentsOf, invoke, filtered };
}
