import type { Budget } from './budget.ts';
import type { ChatMessage } from './types.ts';
import { listOf, valueOf, type Value } from './values.ts';

// The names under which reasoning is passed, the standard one first.
const REASONING = ['reasoning_content', 'thinking', 'reasoning'] as const;
// A role of these characters is a name that the program gave, and templates build control tokens of it (`<|user|>`).
const NAME = /^[\w.-]+$/;

/**
 * The messages as a template sees them: everything in them is content but the names of roles. As transformers does, fields that are
 * null are left out, and reasoning is found under its standard name whichever it was given under.
 */
export function conversationValue(messages: readonly ChatMessage[], budget: Budget): Value {
  if (!Array.isArray(messages)) throw new TypeError(`render: expected an array of messages but found ${messages === null ? 'null' : typeof messages}. Pass [{ role, content }, …].`);
  return listOf(messages.map((message: ChatMessage, i) => {
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      throw new TypeError(`render: expected message ${i} to be { role, content } but found ${message === null ? 'null' : Array.isArray(message) ? 'an array' : typeof message}. Pass an object.`);
    }
    const entries = Object.entries(plainMessage(message)).filter(([, value]) => value !== null && value !== undefined);
    return {
      kind: 'dict',
      entries: new Map(entries.map(([key, value]) => [key, valueOf(value, { budget, trusted: key === 'role' && typeof value === 'string' && NAME.test(value) })])),
      foreign: true,
    };
  }));
}

function plainMessage(message: ChatMessage): Readonly<Record<string, unknown>> {
  const field = REASONING.find((name) => message[name] !== undefined && message[name] !== null);
  return field === undefined ? message : { thinking: message[field], ...message, reasoning_content: message[field] };
}
