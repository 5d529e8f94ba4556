import { checkDepth, type Budget } from './budget.ts';
import { evaluator, type EvaluatorOptions, type Scope } from './evaluator.ts';
import { checkField } from './globals.ts';
import { itemsIn } from './iterate.ts';
import { GENERATION, type Node, type Parameter } from './jinja-nodes.ts';
import { loopObject } from './loop-object.ts';
import { charactersOf, markAll, type Text } from './marked-text.ts';
import { textOf } from './value-text.ts';
import { functionOf, isTrue, kindOf, refused, undefinedOf, type Arguments, type Callable, type Value } from './values.ts';

type Signal = 'break' | 'continue' | undefined;
type Output = Text[];

/** Runs a parsed template over `variables` and returns its text with its marks. */
export function runTemplate(body: readonly Node[], { variables, globals, budget, ...options }: {
  variables: ReadonlyMap<string, Value>; globals: ReadonlyMap<string, Callable>; budget: Budget;
} & EvaluatorOptions): Text {
  const { evaluate, used, argumentsOf, invoke, filtered } = evaluator(globals, budget, options);
  let depth = 0;
  const inside = (parent: Scope | undefined): Scope => ({ variables: new Map(), parent });

  function capture(nodes: readonly Node[], scope: Scope): Text {
    checkDepth(++depth);
    const out: Output = [];
    const signal = run(nodes, scope, out);
    depth--;
    if (signal) throw refused(`expected ${signal} inside a loop but found it outside. Move it.`);
    return budget.concat(out);
  }

  function run(nodes: readonly Node[], scope: Scope, out: Output): Signal {
    for (const node of nodes) {
      budget.spend(1);
      const signal = runOne(node, scope, out);
      if (signal) return signal;
    }
    return undefined;
  }

  function print(value: Value, out: Output): void {
    const text = textOf(value, budget);
    budget.spendText(charactersOf(text).length);
    out.push(text);
  }

  function runOne(node: Node, scope: Scope, out: Output): Signal {
    switch (node.type) {
      case 'If': return run(isTrue(used(node.test, scope)) ? node.body : node.alternate, scope, out);
      case 'For': return runLoop(node, scope, out);
      case 'Break': return 'break';
      case 'Continue': return 'continue';
      case 'Comment': return undefined;
      case 'Set': {
        const value = node.value ? evaluate(node.value, scope) : capture(node.body, inside(scope));
        assign(node.assignee, value, scope);
        return undefined;
      }
      case 'Macro': {
        const { name, args, body: inner } = node;
        scope.variables.set(name.value, functionOf(name.value, (given) => callMacro({ name: name.value, parameters: args, body: inner }, given, scope)));
        return undefined;
      }
      case 'CallStatement': {
        const { call, callerArgs, body: inner } = node;
        if (call.callee.type === 'Identifier' && call.callee.value === GENERATION) {
          print(markAll(capture(inner, inside(scope)), 'assistant'), out);
          return undefined;
        }
        const caller = functionOf('caller', (given) => callMacro({ name: 'caller', parameters: callerArgs ?? [], body: inner }, given, scope));
        const { positional, named } = argumentsOf(call, scope);
        print(invoke(evaluate(call.callee, scope), { positional, named: new Map([...named, ['caller', caller]]) }), out);
        return undefined;
      }
      case 'FilterStatement': {
        print(filtered(node.filter, capture(node.body, inside(scope)), scope), out);
        return undefined;
      }
      default: {
        print(used(node, scope), out);
        return undefined;
      }
    }
  }

  function runLoop(node: Node & { type: 'For' }, scope: Scope, out: Output): Signal {
    const { loopvar, iterable, body: inner, defaultBlock } = node;
    const chosen = iterable.type === 'SelectExpression' ? iterable : undefined;
    let items = itemsIn(used(chosen?.lhs ?? iterable, scope), budget);
    if (chosen) {
      items = items.filter((item) => {
        const tried = inside(scope);
        assign(loopvar, item, tried);
        return isTrue(evaluate(chosen.test, tried));
      });
    }
    let completed = false;
    const loop = loopObject(items, budget);
    for (let i = 0; i < items.length; i++) {
      budget.spend(1);
      const each = inside(scope);
      each.variables.set('loop', loop(i));
      assign(loopvar, items[i]!, each);
      const signal = run(inner, each, out);
      if (signal === 'break') break;
      // An iteration that went on early does not count for `else`, as in Jinja2.
      if (signal === undefined) completed = true;
    }
    return completed ? undefined : run(defaultBlock, inside(scope), out);
  }

  function assign(target: Node, value: Value, scope: Scope): void {
    switch (target.type) {
      case 'Identifier':
        scope.variables.set(target.value, value);
        return;
      case 'TupleLiteral': {
        const items = itemsIn(value, budget);
        if (items.length !== target.value.length) throw refused(`expected ${target.value.length} items to unpack but found ${items.length}. Check the names on the left.`);
        target.value.forEach((inner, i) => assign(inner, items[i]!, scope));
        return;
      }
      case 'MemberExpression': {
        const owner = evaluate(target.object, scope);
        if (kindOf(owner) !== 'namespace' || target.property.type !== 'Identifier') throw refused(`expected a field of a namespace to set but found one of a ${kindOf(owner)}. Make it with namespace().`);
        checkField(target.property.value);
        (owner as { entries: Map<string, Value> }).entries.set(target.property.value, value);
        return;
      }
      // {% set x | trim %} … {% endset %}
      case 'FilterExpression':
        assign(target.operand, filtered(target.filter, value, scope), scope);
        return;
      default:
        throw refused(`expected a name to set but found a ${target.type}. Set a name or a field of a namespace.`);
    }
  }

  function callMacro(macro: { name: string; parameters: readonly Parameter[]; body: readonly Node[] }, { positional, named }: Arguments, parent: Scope): Text {
    const scope = inside(parent);
    const { name, parameters } = macro;
    if (positional.length > parameters.length) throw refused(`${name}: expected at most ${parameters.length} arguments but found ${positional.length}. Leave out the rest.`);
    const known = new Set(parameters.map((parameter) => (parameter.type === 'Identifier' ? parameter.value : parameter.key.value)));
    for (const [key, value] of named) {
      if (key === 'caller') scope.variables.set(key, value);
      else if (!known.has(key)) throw refused(`${name}: expected the arguments ${[...known].join(', ')} but found ${key}. Leave it out.`);
    }
    parameters.forEach((parameter, i) => {
      const key = parameter.type === 'Identifier' ? parameter.value : parameter.key.value;
      const given = i < positional.length ? positional[i] : named.get(key);
      scope.variables.set(key, given ?? (given === null ? null : parameter.type === 'Identifier' ? undefinedOf(key) : evaluate(parameter.value, scope)));
    });
    return capture(macro.body, scope);
  }

  const top: Scope = { variables: new Map(variables), parent: undefined };
  const out: Output = [];
  if (run(body, top, out)) throw refused('expected break and continue inside a loop but found one outside. Move it.');
  return budget.concat(out);
}
