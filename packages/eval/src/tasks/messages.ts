import { isSpace } from '../python/text.ts';
import type { EvalMessage, Scorer } from '../requests/request.ts';

/** A part of a prompt: as a message of a conversation, or as text with what follows it. */
export interface PromptPart extends EvalMessage {
  readonly after: string;
}

const meet = (before: string, after: string): boolean => isSpace(before.at(-1)!) || isSpace(after[0]!);

/** Two texts with a delimiter between them, unless whitespace is there already or one is empty. */
export function delimited(before: string | undefined, after: string | undefined, delimiter: string): string {
  if (!before) return after ?? '';
  if (!after) return before;
  return meet(before, after) ? before + after : before + delimiter + after;
}

/** A question, with its answer or with what its answer begins with. */
export function turn({ question, answer, genPrefix, targetDelimiter, after }: {
  question: string; answer?: string | undefined; genPrefix?: string | undefined; targetDelimiter: string; after: string;
}): PromptPart[] {
  const between = genPrefix ? question !== '' && !meet(question, genPrefix) : answer !== undefined;
  const user: PromptPart = { role: 'user', content: question, after: between ? targetDelimiter : '' };
  if (answer !== undefined) return [user, { role: 'assistant', content: delimited(genPrefix, answer, ' '), after }];
  return genPrefix ? [user, { role: 'assistant', content: genPrefix, after: '' }] : [user];
}

/** All parts as one user message, but for the system's and for what the answer begins with. */
function singleTurn(parts: readonly PromptPart[]): EvalMessage[] {
  const [first] = parts;
  const system = first?.role === 'system' ? [plain(first)] : [];
  const rest = parts.slice(system.length);
  const open = rest.at(-1)?.role === 'assistant' ? [plain(rest.at(-1)!)] : [];
  const user = rest.slice(0, rest.length - open.length);
  return [...system, { role: 'user', content: user.map(({ content, after }, i) => content + (i === user.length - 1 ? '' : after)).join('') }, ...open];
}

const plain = ({ role, content }: PromptPart): EvalMessage => ({ role, content });

/** How a prompt becomes text. */
export interface Rendering {
  /** As a conversation; default as plain text. */
  readonly applyChatTemplate?: NonNullable<Scorer['applyChatTemplate']> | undefined;
  /** Examples as turns of their own in a conversation; default in one message. */
  readonly fewshotAsMultiturn?: boolean;
}

/** The text of a prompt. */
export function promptText(parts: readonly PromptPart[], { applyChatTemplate, fewshotAsMultiturn = false, genPrefix }: Rendering & { genPrefix?: string | undefined }): string {
  if (applyChatTemplate === undefined) return parts.map(({ content, after }) => content + after).join('');
  return applyChatTemplate(fewshotAsMultiturn ? parts.map(plain) : singleTurn(parts), { addGenerationPrompt: !genPrefix });
}
