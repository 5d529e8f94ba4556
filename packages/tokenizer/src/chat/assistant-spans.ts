import { ChatTemplateError } from './chat-template-error.ts';
import type { ChatMessage, ChatTemplate, RenderOptions, TextSpan } from './types.ts';

/**
 * What the assistant says in a conversation, for a template that does not mark it: for each assistant message k the part from the end
 * of render(messages[0 … k), with the generation prompt) to the end of render(messages[0 … k]). Both must be beginnings of the whole
 * text: where they are not, the spans would be guesses, and a ChatTemplateError says so.
 */
export function assistantSpans(template: ChatTemplate, messages: readonly ChatMessage[], options: RenderOptions): readonly TextSpan[] {
  const whole = template.render(messages, options);
  const beginning = (count: number, addGenerationPrompt: boolean): number => {
    const text = template.render(messages.slice(0, count), { ...options, addGenerationPrompt });
    if (whole.startsWith(text)) return text.length;
    throw notPrefix(count, addGenerationPrompt, firstDifference(text, whole));
  };
  return messages.flatMap(({ role }, k) => (role === 'assistant' ? [[beginning(k, true), beginning(k + 1, false)] as const] : []));
}

function notPrefix(count: number, prompt: boolean, at: number): ChatTemplateError {
  return new ChatTemplateError(
    'E_TEMPLATE_SPANS',
    `encodeChat: expected the first ${count} messages${prompt ? ' with the generation prompt' : ''} to render to the beginning of the whole conversation but found a difference at character ${at}. Mark the assistant's words in the template with {% generation %} … {% endgeneration %}.`,
  );
}

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}
