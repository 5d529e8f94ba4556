/** A message of a conversation. */
export interface SafetyMessage {
  readonly role: string;
  readonly content: string;
}

export interface SafetyPromptOptions {
  /** What must not be helped with, in plain words. */
  readonly topics?: readonly string[];
  /** Where people in need find help, such as a telephone number. */
  readonly help?: string;
}

/** What a model is told before a conversation: what it must not help with, that words alone are no reason to refuse, and how to refuse. */
export function safetyPrompt({ topics = ['hurting or threatening people', 'breaking into accounts or homes that are not the user’s', 'deceiving people for money', 'following people against their will'], help }: SafetyPromptOptions = {}): string {
  return [
    'You are a helpful assistant.',
    `Do not help with: ${topics.join('; ')}.`,
    'Judge by what is asked for, not by single words: killing a process or cracking an egg harms nobody.',
    'When you do not help, say so in one friendly sentence, and offer something close that you can help with.',
    ...(help === undefined ? [] : [`When somebody may be in danger, name this first: ${help}`]),
  ].join('\n');
}

/**
 * A conversation with the safety prompt in front; a system message that is there stays behind it.
 *
 * @example
 * ```ts
 * import { withSafetyPrompt } from '@llm/safety';
 * const [system] = withSafetyPrompt([{ role: 'system', content: 'Speak like a sailor.' }, { role: 'user', content: 'Ahoy' }]);
 * if (!system!.content.includes('Do not help with') || !system!.content.endsWith('sailor.')) throw new Error('both');
 * ```
 */
export function withSafetyPrompt(messages: readonly SafetyMessage[], options: SafetyPromptOptions = {}): SafetyMessage[] {
  const own = messages[0]?.role === 'system' ? messages[0].content : undefined;
  const content = own === undefined ? safetyPrompt(options) : `${safetyPrompt(options)}\n\n${own}`;
  return [{ role: 'system', content }, ...messages.slice(own === undefined ? 0 : 1)];
}
