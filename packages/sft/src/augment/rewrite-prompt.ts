import { contentText, type Message, type RawExample } from '../formats/raw-example.ts';

/** A model as a function from a prompt to its answer. */
export type GenerateText = (prompt: string, options: { readonly seed: number }) => Promise<string>;

/** The example with another wording of what is asked, by a function of its wording; nothing for plain text, which asks nothing. */
export async function rewritePrompt(example: RawExample, rewrite: (text: string) => Promise<string>): Promise<readonly RawExample[]> {
  const { prompt, completion } = example;
  if (typeof prompt === 'string') return withText(prompt, rewrite, (text) => ({ ...example, prompt: text }));
  const messages = prompt ?? (typeof completion === 'string' ? [] : completion);
  const last = messages.findLastIndex(({ role }) => role === 'user');
  if (last < 0) return [];
  return withText(contentText(messages[last]!), rewrite, (text) => {
    const changed = messages.map((message, i): Message => (i === last ? { ...message, content: text } : message));
    return prompt === undefined ? { ...example, completion: changed } : { ...example, prompt: changed };
  });
}

async function withText(text: string, rewrite: (text: string) => Promise<string>, make: (text: string) => RawExample): Promise<readonly RawExample[]> {
  const rewritten = (await rewrite(text)).trim();
  return rewritten === '' || rewritten === text.trim() ? [] : [make(rewritten)];
}
