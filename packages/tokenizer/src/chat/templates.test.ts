import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tokenizerFromJson } from '../tokenizer-from-json.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { chatTemplate } from './chat-template.ts';
import { encodeChat } from './encode-chat.ts';
import { templates, type TemplateName } from './templates.ts';
import type { ChatFormat, ChatMessage, RenderOptions } from './types.ts';

interface Conversation extends RenderOptions { readonly messages: ChatMessage[] }
interface Chats {
  readonly conversations: Conversation[];
  /** Text, what a generation prompt adds, digest of the ids, runs of the mask; null where the template refuses. */
  readonly formats: Record<string, ([string, string, string, string] | null)[]>;
}
const fixture = (name: string): string => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8');
const { conversations, formats } = JSON.parse(fixture('chats.json')) as Chats;
const names = Object.keys(templates) as TemplateName[];

function tokenizerFor({ specialTokens }: ChatFormat): Tokenizer {
  const file = JSON.parse(fixture('trained-gpt2.json'));
  let id = Object.keys(file.model.vocab).length;
  for (const content of specialTokens) {
    if (file.added_tokens.some((token: { content: string }) => token.content === content)) continue;
    file.added_tokens.push({ id: id++, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true });
  }
  return tokenizerFromJson(file);
}

function runs(mask: Uint8Array): string {
  const lengths: number[] = [0];
  [0, ...mask].forEach((value, i, all) => (value === (all[i - 1] ?? 0) ? lengths.push(lengths.pop()! + 1) : lengths.push(1)));
  return lengths.join(' ');
}

async function digest(ids: Uint32Array): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(Array.from(ids))));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('').slice(0, 16);
}

// The answer ends in a character of four tokens and the format marks nothing after it: transformers finds the first of the four only.
const OURS: Partial<Record<TemplateName, Record<number, string>>> = { chatglm: { 6: '37 19' } };

test('there is a fixture for each format', () => {
  expect(names.length).toBeGreaterThanOrEqual(20);
  expect(names.toSorted()).toEqual(Object.keys(formats).toSorted());
});

describe.each(names)('%s', (name) => {
  const format = templates[name];
  const template = chatTemplate(format);

  test('renders, encodes and masks as transformers does', async () => {
    const tokenizer = tokenizerFor(format);
    const found = await Promise.all(conversations.map(async ({ messages, ...options }) => {
      let text: string;
      try {
        text = template.render(messages, options);
      } catch {
        return null;
      }
      const prompted = template.render(messages, { ...options, addGenerationPrompt: true });
      expect(prompted.startsWith(text)).toBe(true);
      const { ids, assistantMask } = encodeChat(tokenizer, template, messages, options);
      return [text, prompted.slice(text.length), await digest(ids), runs(assistantMask)];
    }));
    expect(found).toEqual(formats[name]!.map((want, i) => (want ? [...want.slice(0, 3), OURS[name]?.[i] ?? want[3]] : null)));
  });

  test('marks what the assistant says, to the end of its turn', () => {
    const messages = [{ role: 'user', content: 'one' }, { role: 'assistant', content: 'two' }, { role: 'user', content: 'three' }, { role: 'assistant', content: 'four' }];
    const { text, assistant, content } = template.renderWithSpans(messages);
    const spoken = assistant.map(([from, to]) => text.slice(from, to)).join('');
    expect(spoken).toMatch(/two/);
    expect(spoken).toMatch(/four/);
    expect(spoken).not.toMatch(/one|three/);
    expect(spoken.split(format.eosToken).length - 1).toBe(name === 'chatglm' ? 1 : 2);
    expect(content.map(([from, to]) => text.slice(from, to))).toEqual(['one', 'two', 'three', 'four']);
  });

  test('a conversation begins as a longer one does, and an answer where the prompt for it ends, whatever is said', () => {
    const said = fc.string({ unit: fc.oneof(fc.constantFrom(' ', '\n', '{{ x }}', '{%', ...format.specialTokens), fc.string({ unit: 'grapheme', maxLength: 3 })) });
    const turn = fc.tuple(said, said).map(([question, answer]) => [{ role: 'user', content: question }, { role: 'assistant', content: answer }]);
    const conversation = fc.tuple(fc.option(said), fc.array(turn, { maxLength: 3 }));
    fc.assert(fc.property(conversation, ([system, turns]) => {
      const messages = [...(system === null ? [] : [{ role: 'system', content: system }]), ...turns.flat()];
      const whole = template.render(messages);
      for (let k = 0; k < messages.length; k++) {
        expect(whole.startsWith(template.render(messages.slice(0, k)))).toBe(true);
        if (messages[k]!.role !== 'assistant') continue;
        const prompt = template.render(messages.slice(0, k), { addGenerationPrompt: true });
        const { text, assistant } = template.renderWithSpans(messages.slice(0, k + 1));
        expect(text.startsWith(prompt)).toBe(true);
        expect(assistant.at(-1)?.[0]).toBe(prompt.length);
      }
    }), { numRuns: 30 });
  });
});
