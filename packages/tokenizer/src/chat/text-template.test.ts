import { describe, expect, test } from 'vitest';
import { textTemplate } from './text-template.ts';

const render = (source: string, variables: Record<string, unknown> = {}): string => textTemplate(source).render(variables);
const code = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

describe('textTemplate', () => {
  // What Jinja2 3.1 gives with StrictUndefined and keep_trailing_newline.
  test('keeps whitespace around blocks and at the end', () => {
    expect(render('a\n{% if true %}\n  b\n{% endif %}\nc\n')).toBe('a\n\n  b\n\nc\n');
    expect(render('x\n\n')).toBe('x\n\n');
    expect(render('  {%- if true -%} y {%- endif %} ')).toBe('y ');
  });

  test('reads fields of data, lists as Python prints them', () => {
    expect(render("{{choices.label.index('B')}} {{choices.text}} {{n}} {{flag}}", { choices: { label: ['A', 'B'], text: ["it's", 'b'] }, n: 3, flag: true })).toBe('1 ["it\'s", \'b\'] 3 True');
  });

  test('refuses what is undefined wherever it is used, but not where it is asked for', () => {
    expect(render("{{ x is defined }} {{ x | default('d') }}{% if x is not defined %}!{% endif %}")).toBe('False d!');
    for (const source of ['{{ x }}', '{{ d.x }}', '{% if x %}{% endif %}', '{% for a in x %}{% endfor %}', '{{ x | trim }}', "{{ x == 'a' }}", '{{ 1 if x else 2 }}', '{{ not x }}', "{{ 'a' if false }}"]) {
      expect(code(() => render(source, { d: {} })), source).toBe('E_TEMPLATE_RUNTIME');
    }
  });

  test('filters of the caller', () => {
    const template = textTemplate("{{ text | cut(2) | upper }}", { filters: { cut: (text, [count]) => text.slice(Number(count)) } });
    expect(template.render({ text: 'abcd' })).toBe('CD');
    expect(code(() => render("{{ 'a' | cut(1) }}"))).toBe('E_TEMPLATE_RUNTIME');
  });

  test('a bomb ends within its limits', () => {
    expect(code(() => render('{% for a in range(90000) %}{% for b in range(90000) %}x{% endfor %}{% endfor %}'))).toBe('E_TEMPLATE_LIMIT');
    expect(code(() => textTemplate('{{ "x" * 100 }}', { limits: { maxCharacters: 50 } }).render({}))).toBe('E_TEMPLATE_LIMIT');
  });
});
