import { ChatTemplateError } from './chat-template-error.ts';
import { chatTemplate } from './chat-template.ts';
import type { ChatFormat, ChatTemplate, ChatTemplateOptions } from './types.ts';

export interface ReadChatTemplateOptions extends ChatTemplateOptions {
  /** The text of the chat_template.jinja beside the file, which wins over a template inside it. */
  readonly jinja?: string;
  /** Which of several templates (`tool_use`). Default `default`. */
  readonly name?: string;
}

const TOKENS = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'] as const;

/**
 * The chat template of a model, from its parsed tokenizer_config.json: compiled, with the tokens that the file names as variables.
 * The template may be a text, one of a list of named ones, or in a file of its own. ChatTemplateError where there is none.
 *
 * @example
 * ```ts
 * import { chatTemplateConfig, readChatTemplate, templates } from '@llm/tokenizer';
 * const file = JSON.stringify(chatTemplateConfig(templates.zephyr)); // goes into tokenizer_config.json
 * const template = readChatTemplate(JSON.parse(file));
 * if (template.render([{ role: 'user', content: 'Hi' }]) !== '<|user|>\nHi</s>\n') throw new Error('unexpected');
 * ```
 */
export function readChatTemplate(tokenizerConfig: unknown, options: ReadChatTemplateOptions = {}): ChatTemplate {
  const { jinja, name = 'default', variables, ...rest } = options;
  const config = isObject(tokenizerConfig) ? tokenizerConfig : {};
  const source = jinja ?? sourceIn(config.chat_template, name);
  const tokens: Record<string, string> = {};
  for (const key of TOKENS) {
    const token = Object.hasOwn(config, key) ? config[key] : undefined;
    const content = isObject(token) ? token.content : token;
    if (typeof content === 'string') tokens[key] = content;
  }
  return chatTemplate(source, { ...rest, variables: { ...tokens, ...variables } });
}

function sourceIn(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  const found = Array.isArray(value) ? value.find((entry) => isObject(entry) && entry.name === name) : undefined;
  if (isObject(found) && typeof found.template === 'string') return found.template;
  const there = Array.isArray(value) ? `only ${value.map((entry) => (isObject(entry) ? String(entry.name) : '?')).join(', ')}` : 'none';
  throw new ChatTemplateError('E_TEMPLATE_MISSING', `readChatTemplate: expected a chat template named ${name} but found ${there}. Pass the text of chat_template.jinja, or use one of templates.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The keys that a chat format adds to a tokenizer_config.json, so that transformers renders and stops as we do. */
export function chatTemplateConfig({ source, bosToken, eosToken }: ChatFormat): Record<string, string> {
  return { ...(bosToken === undefined ? {} : { bos_token: bosToken }), eos_token: eosToken, chat_template: source };
}
