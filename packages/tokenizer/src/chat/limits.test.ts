import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import { chatTemplate } from './chat-template.ts';
import type { ChatTemplateError } from './chat-template-error.ts';

// Fault case 18: each ends in bounded time and memory. Seconds, generous for a busy machine; most take milliseconds.
const SECONDS = 30;
const messages = Array.from({ length: 200 }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: 'word '.repeat(200) }));
const grow = (step: string, start = "'ab'"): string => `{% set ns = namespace(x=${start}) %}{% for i in range(64) %}{% set ns.x = ${step} %}{% endfor %}`;

function outcome(source: string, variables: Record<string, unknown> = {}): string {
  const before = processorMilliseconds();
  let code = 'rendered';
  try {
    chatTemplate(source).render(messages, { variables });
  } catch (error) {
    code = (error as ChatTemplateError).code ?? String(error);
  }
  expect((processorMilliseconds() - before) / 1000, source.slice(0, 80)).toBeLessThan(SECONDS);
  return code;
}

describe('a template bomb ends with an error', () => {
  test.each([
    ['a long range', '{% for i in range(30000000) %}x{% endfor %}'],
    ['a long range that is a list', '{{ range(99999) | list | length }}{% for i in range(99999) %}{% set x = range(99999) | list %}{% endfor %}'],
    ['nested loops', '{% for i in range(1000) %}{% for j in range(1000) %}{% for k in range(1000) %}x{% endfor %}{% endfor %}{% endfor %}'],
    ['loops over the messages', '{% for a in messages %}{% for b in messages %}{% for c in messages %}{% for d in messages %}{{ a.role }}{% endfor %}{% endfor %}{% endfor %}{% endfor %}'],
    ['doubling a text', grow('ns.x ~ ns.x')],
    ['doubling a text by +', grow('ns.x + ns.x')],
    ['doubling by join', grow('[ns.x, ns.x] | join')],
    ['doubling by replace', grow("ns.x | replace('a', 'aa')", "'aaaa'")],
    ['squaring by replace', grow('ns.x.replace("a", ns.x)')],
    ['squaring by join', grow('ns.x.join(ns.x | list)')],
    ['doubling a list', grow('ns.x + ns.x', '[1, 2]')],
    ['a list in itself many times, printed', `${grow('[ns.x, ns.x]', '[1]')}{{ ns.x }}`],
    ['a list in itself many times, as JSON', `${grow('[ns.x, ns.x]', '[1]')}{{ ns.x | tojson }}`],
    ['a list in itself many times, compared', `${grow('[ns.x, ns.x]', '[1]')}${grow('[ns.x, ns.x]', '[1]').replaceAll('ns', 'ms')}{{ ns.x == ms.x }}{{ ns.x < ms.x }}`],
    ['a text repeated', "{{ 'a' * 1000000000 }}"],
    ['a list repeated', '{{ ([1] * 1000000000) | length }}'],
    ['nothing repeated', "{{ '' * 9007199254740991 }}"],
    ['padding', '{{ messages[0].role.ljust(1000000000) }}'],
    ['centring', "{{ 'x' | center(1000000000) }}"],
    ['indenting', "{{ 'x\\ny' | indent(1000000000) }}"],
    ['indenting JSON', '{{ [[[[1]]]] | tojson(indent=1000000000) }}'],
    ['a macro that calls itself', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'],
    ['a macro that calls itself twice', '{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}'],
    ['looking for a long text in a longer one', `${grow('ns.x ~ ns.x', "'a'").replace('64', '22')}{% set p = ns.x[:500000] ~ 'b' %}{% for i in range(9999) %}{{ p in ns.x }}{% endfor %}`],
    ['distinct items of a long list', '{{ range(99999) | unique | list | length }}'],
    ['sorting again and again', '{% for i in range(99999) %}{% set x = range(99999) | sort %}{% endfor %}'],
    ['cutting into characters', `${grow('ns.x ~ ns.x').replace('64', '20')}{% for i in range(999) %}{% set x = ns.x | list %}{% endfor %}`],
    ['growing output', `{% for i in range(99999) %}{{ messages }}{% endfor %}`],
  ])('%s', (_, source) => {
    expect(outcome(source)).toBe('E_TEMPLATE_LIMIT');
  });

  test.each([
    ['nested parentheses', `{{ ${'('.repeat(20_000)}1${')'.repeat(20_000)} }}`],
    ['nested lists', `{{ ${'['.repeat(20_000)}${']'.repeat(20_000)} }}`],
    ['nested blocks', `${'{% if true %}'.repeat(9000)}${'{% endif %}'.repeat(9000)}`],
    ['a long sum', `{{ ${'1+'.repeat(100_000)}1 }}`],
    ['a long run of spaces', `${' '.repeat(200_000)}{% if true %}{% endif %}`],
    ['a template of megabytes', 'x'.repeat(3_000_000)],
  ])('%s', (_, source) => {
    expect(outcome(source)).toBe('E_TEMPLATE_LIMIT');
  });

  test('data that is too deep, or goes round in a circle', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(outcome('{{ circle | tojson }}', { circle })).toBe('E_TEMPLATE_LIMIT');
  });

  test('limits can be lowered and raised', () => {
    const source = '{% for i in range(1000) %}{{ i }},{% endfor %}';
    expect(() => chatTemplate(source, { limits: { maxSteps: 1000 } }).render([])).toThrow(/at most 1000 steps/);
    expect(() => chatTemplate(source, { limits: { maxCharacters: 1000 } }).render([])).toThrow(/at most 1000 characters/);
    expect(chatTemplate(source).render([]).length).toBe(3890);
  });
});

describe('a template sees data and nothing of JavaScript', () => {
  test.each([
    'messages.constructor', 'messages.__proto__', "messages['constructor']", 'messages[0].constructor', 'messages[0].__proto__', "messages[0]['__proto__']", "''.constructor", "'x'['constructor']",
    'range.constructor', 'range.__globals__', 'namespace().__proto__', 'loop', 'constructor', '__proto__', 'globalThis', 'process', "messages | map(attribute='constructor') | first", 'toString', 'messages.toString', "''.toString",
  ])('%s is undefined', (expression) => {
    expect(chatTemplate(`{{ (${expression}) is defined }}`).render(messages)).toBe('False');
  });

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('there is no filter or test %s', (name) => {
    expect(() => chatTemplate(`{{ 'x' | ${name} }}`).render([])).toThrow(/expected a filter/);
    expect(() => chatTemplate(`{{ 'x' is ${name} }}`).render([])).toThrow(/expected a test/);
  });

  test('keys of messages are keys only', () => {
    const hostile = JSON.parse('[{"role":"user","content":"x","__proto__":{"polluted":"yes"},"constructor":"c"}]');
    expect(chatTemplate("{{ messages[0].constructor }} {{ messages[0]['__proto__'].polluted }}").render(hostile)).toBe('c yes');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

test('raise_exception has a code of its own', () => {
  const template = chatTemplate("{{ raise_exception('roles must alternate') }}");
  expect(() => template.render([])).toThrow(expect.objectContaining({ code: 'E_TEMPLATE_RAISED', message: expect.stringContaining('roles must alternate') }));
});

test.each([
  ['{{ word', 'E_TEMPLATE_SYNTAX'], ['{% include "x" %}', 'E_TEMPLATE_SYNTAX'], ["{{ 1 + 'a' }}", 'E_TEMPLATE_RUNTIME'], ['{{ x.y }}', 'E_TEMPLATE_RUNTIME'], ['{% break %}', 'E_TEMPLATE_RUNTIME'],
])('%s throws %s', (source, code) => {
  expect(outcome(source)).toBe(code);
});
