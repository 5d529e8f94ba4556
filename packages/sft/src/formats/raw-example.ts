import type { ChatMessage } from '@llm/tokenizer';

/** One message of a conversation. `train: false` or `weight: 0` leaves it out of the loss; any other weight multiplies its loss. */
export interface Message extends ChatMessage {
  readonly weight?: number;
  readonly train?: boolean;
}

/** What a record is for, by the names of TRL's dataset types. */
export type DatasetType = 'language-modeling' | 'prompt-completion' | 'prompt-only' | 'preference' | 'unpaired-preference' | 'stepwise-supervision';

/** A record as all formats come out: text or messages, checked, not yet tokens. */
export interface RawExample {
  /** The name of the format that it came in. */
  readonly format: string;
  /** Its number in the file, from 0. */
  readonly index?: number | undefined;
  /** What is given; undefined where the whole is one text or conversation (language modeling). */
  readonly prompt?: string | readonly Message[] | undefined;
  /** What is learned: text where the prompt is text, messages where it is messages. */
  readonly completion: string | readonly Message[];
  /** The JSON schemas of the functions that the model may call. */
  readonly tools?: readonly unknown[] | undefined;
  /** Further variables for the chat template. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
}

/** All messages of a conversational example in order; none of one of plain text. */
export function messagesOf({ prompt, completion }: RawExample): readonly Message[] {
  return [prompt ?? [], completion].flatMap((part) => (typeof part === 'string' ? [] : part));
}

/** What the example asks: the prompt, or what stands before the last answer of a conversation. Empty for plain text. */
export function promptText({ prompt, completion }: RawExample): string {
  if (typeof prompt === 'string') return prompt;
  const given = prompt ?? (typeof completion === 'string' ? [] : completion.slice(0, completion.findLastIndex(({ role }) => role === 'assistant')));
  return given.filter(({ role }) => role !== 'system').map(contentText).join('\n');
}

/** What the example answers: the completion, or the last answer of a conversation; of plain text all of it. */
export function answerText({ prompt, completion }: RawExample): string {
  if (typeof completion === 'string') return completion;
  const answers = prompt === undefined ? completion.filter(({ role }) => role === 'assistant').slice(-1) : completion;
  return answers.map(contentText).join('\n');
}

/** The text of a message: its content, or the text of its parts. */
export function contentText({ content }: ChatMessage): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => (typeof part.text === 'string' ? part.text : '')).join('');
}
