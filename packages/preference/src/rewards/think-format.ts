import type { Reward } from './reward.ts';

/**
 * 1 for an answer that begins with one block `<think> … </think>`, else 0.
 *
 * @example
 * ```ts
 * import { isThought } from '@llm/preference';
 * if (!isThought('<think>2 + 2</think> 4') || isThought('<think><think></think>') || isThought('4')) throw new Error('one block, at the beginning');
 * ```
 */
export function isThought(text: string): boolean {
  return text.startsWith('<think>') && !text.includes('<think>', 1) && text.includes('</think>');
}

/** The reward for answers that are thought about first: 1 or 0 by `isThought`. */
export const thinkFormat: Reward = ({ text }) => Number(isThought(text));
