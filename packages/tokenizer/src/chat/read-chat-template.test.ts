import { expect, test } from 'vitest';
import { chatTemplate } from './chat-template.ts';
import { chatTemplateConfig, readChatTemplate } from './read-chat-template.ts';
import { templates, type TemplateName } from './templates.ts';

const messages = [{ role: 'user', content: 'Hi' }];

test('what is written is read back, for every format', () => {
  for (const name of Object.keys(templates) as TemplateName[]) {
    const file = JSON.parse(JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', ...chatTemplateConfig(templates[name]) }));
    expect(readChatTemplate(file).render(messages)).toBe(chatTemplate(templates[name]).render(messages));
  }
});

test('tokens may be texts or objects, and options win', () => {
  const config = { chat_template: '{{ bos_token }}{{ eos_token }}{{ sep_token }}', bos_token: { content: '<s>', lstrip: false }, eos_token: '</s>', sep_token: '|' };
  expect(readChatTemplate(config).render([])).toBe('<s></s>|');
  expect(readChatTemplate(config, { variables: { eos_token: '!' } }).render([])).toBe('<s>!|');
  expect(readChatTemplate(JSON.parse('{"chat_template":"[{{ bos_token }}]","__proto__":{"bos_token":"x"}}')).render([])).toBe('[]');
});

test('a file of its own wins, and named templates are found by name', () => {
  const config = { chat_template: [{ name: 'default', template: 'one' }, { name: 'tool_use', template: 'two' }] };
  expect(readChatTemplate(config).render([])).toBe('one');
  expect(readChatTemplate(config, { name: 'tool_use' }).render([])).toBe('two');
  expect(readChatTemplate(config, { jinja: 'three' }).render([])).toBe('three');
});

test.each([[null], [{}], [{ chat_template: null }], [{ chat_template: [{ name: 'x', template: 'y' }] }], ['text']])('%j has none', (config) => {
  expect(() => readChatTemplate(config)).toThrow(expect.objectContaining({ code: 'E_TEMPLATE_MISSING' }));
});
