import { SftError } from '../sft-error.ts';
import type { Fields } from './format.ts';
import type { Message } from './raw-example.ts';

/** Whether a value is an object with fields. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as it may stand in a message: short, on one line. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Throws about one field of one record. */
export function wrong(field: string, expected: string, found: unknown, index: number | undefined): never {
  throw new SftError('E_RECORD', `readExample: expected ${field} to be ${expected} but found ${shown(found)}. Correct the record or leave it out`, { record: index });
}

/** A field that must be a string. */
export function stringField(record: Fields, field: string, index: number | undefined): string {
  const value = record[field];
  return typeof value === 'string' ? value : wrong(field, 'a string', value, index);
}

/** Names of roles that others write, and what chat templates call them. */
const ROLES: Readonly<Record<string, string>> = {
  human: 'user', gpt: 'assistant', chatgpt: 'assistant', bing: 'assistant', bard: 'assistant', model: 'assistant', bot: 'assistant',
  function_response: 'tool', observation: 'tool',
};

/** Checks a list of messages whose role and content stand under the given names, and writes them as role and content. */
export function readMessages(
  value: unknown, { field, index, names = { role: 'role', content: 'content' } }: { readonly field: string; readonly index: number | undefined; readonly names?: { readonly role: string; readonly content: string } },
): readonly Message[] {
  if (!Array.isArray(value) || value.length === 0) return wrong(field, 'a list of at least one message', value, index);
  return value.map((item: unknown, i) => {
    const at = `${field}[${i}]`;
    if (!isFields(item)) return wrong(at, `an object with ${names.role} and ${names.content}`, item, index);
    const { [names.role]: role, [names.content]: content, ...rest } = item;
    if (typeof role !== 'string' || role === '') return wrong(`${at}.${names.role}`, 'the name of a role', role, index);
    if (typeof content !== 'string' && !isTextParts(content) && !(content === null || content === undefined ? 'tool_calls' in rest : false)) {
      return wrong(`${at}.${names.content}`, 'a string or a list of text parts', content, index);
    }
    if (rest.weight !== undefined && !(typeof rest.weight === 'number' && rest.weight >= 0 && Number.isFinite(rest.weight))) {
      return wrong(`${at}.weight`, 'a number from 0 on', rest.weight, index);
    }
    if (rest.train !== undefined && typeof rest.train !== 'boolean') return wrong(`${at}.train`, 'true or false', rest.train, index);
    return { ...rest, role: Object.hasOwn(ROLES, role) ? ROLES[role]! : role, content: content as string } as Message;
  });
}

/** Parts of text; other kinds (images, sound) cannot be learned here. */
function isTextParts(value: unknown): boolean {
  return Array.isArray(value) && value.every((part) => isFields(part) && part.type === 'text' && typeof part.text === 'string');
}

/** The tools and template variables of a conversational record; tools may be written as JSON text. */
export function templateFields(record: Fields, index: number | undefined): { tools?: readonly unknown[]; variables?: Fields } {
  let { tools, chat_template_kwargs: variables } = record;
  if (typeof tools === 'string' && tools !== '') {
    try {
      tools = JSON.parse(tools) as unknown;
    } catch {
      wrong('tools', 'a list, or JSON of one', tools, index);
    }
  }
  if (tools !== undefined && tools !== null && tools !== '' && !Array.isArray(tools)) wrong('tools', 'a list, or JSON of one', tools, index);
  if (variables !== undefined && variables !== null && !isFields(variables)) wrong('chat_template_kwargs', 'an object', variables, index);
  return {
    ...(Array.isArray(tools) && tools.length > 0 ? { tools } : {}),
    ...(isFields(variables) ? { variables } : {}),
  };
}
