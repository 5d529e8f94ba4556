import { readArguments } from './arguments.ts';
import type { Budget } from './budget.ts';
import { ChatTemplateError } from './chat-template-error.ts';
import { charactersOf } from './marked-text.ts';
import { formatTime } from './format-time.ts';
import { textOf } from './value-text.ts';
import { functionOf, isDict, listOf, refused, type Callable, type Value } from './values.ts';

// As many as Jinja2's sandbox allows.
const LONGEST_RANGE = 100_000;

/** The functions that transformers gives a template. */
export function globalFunctions(budget: Budget, now: () => Date): ReadonlyMap<string, Callable> {
  const functions = [
    functionOf('range', (args) => {
      const reader = readArguments('range', args, ['start', 'stop', 'step']);
      const [start, stop] = args.positional.length === 1 ? [0, reader.integer(0, 'start')] : [reader.integer(0, 'start'), reader.integer(1, 'stop')];
      const step = reader.integer(2, 'step', 1);
      if (step === 0) throw refused('range: expected a step other than 0 but found 0. Use 1.');
      const count = Math.max(0, Math.ceil((stop - start) / step));
      if (count > LONGEST_RANGE) throw new ChatTemplateError('E_TEMPLATE_LIMIT', `range: expected at most ${LONGEST_RANGE} numbers but found ${count}. Go over the messages instead.`);
      budget.spend(count);
      return listOf(Array.from({ length: count }, (_, i) => start + i * step));
    }),
    functionOf('dict', ({ named }) => {
      budget.spend(named.size);
      return { kind: 'dict', entries: new Map(named), foreign: false };
    }),
    functionOf('namespace', ({ positional: [first], named }) => {
      const entries = new Map<string, Value>(isDict(first) ? first.entries : []);
      for (const [name, value] of named) entries.set(name, value);
      for (const name of entries.keys()) checkField(name);
      return { kind: 'namespace', entries };
    }),
    functionOf('raise_exception', ({ positional: [message = ''] }) => {
      throw new ChatTemplateError('E_TEMPLATE_RAISED', `render: the template refused the conversation: ${charactersOf(textOf(message, budget))}`);
    }),
    functionOf('strftime_now', (args) => formatTime(now(), charactersOf(readArguments('strftime_now', args, ['format']).text(0, 'format')))),
  ];
  return new Map(functions.map((callable) => [callable.name, callable]));
}

/** transformers refuses these, and so do we: a template that runs here runs there. */
export function checkField(name: string): void {
  if (name.startsWith('_')) throw refused(`namespace: expected a name that does not begin with _ but found ${name}. Rename it.`);
}
