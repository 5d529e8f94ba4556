import { instructionOf, scoreOfChecks, type SftExample, type SftScore } from './sft-example.ts';
import { taskKind } from './task-kind.ts';
import { wordTokens } from './word-tokens.ts';

const PLACEHOLDER = /\{\{[^{}\n]{0,40}\}\}|\[(?:insert|your|topic|name|placeholder)\b[^\]\n]{0,40}\]|<(?:input|placeholder|your)[^>\n]{0,40}>|\bTODO\b|待补充|此处填写/i;
const REFERS_BELOW = /\b(?:following|below)\b|以下|下面|如下/i;
const REFERS_ABOVE = /\b(?:above|aforementioned|previous (?:text|paragraph|passage))\b|上述|上面的|上文/i;

function balanced(text: string): boolean {
  const pairs: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{', '）': '（', '】': '【', '」': '「', '》': '《' };
  const open: string[] = [];
  for (const char of text) {
    if (Object.values(pairs).includes(char)) open.push(char);
    else if (pairs[char] !== undefined && open.pop() !== pairs[char]) return false;
  }
  return open.length === 0;
}

/** Whether there is something after the first line or a colon that "the following" can mean. */
function hasMaterial(text: string): boolean {
  const at = Math.max(text.indexOf('\n'), text.indexOf(':'), text.indexOf('：'));
  return at >= 0 && wordTokens(text.slice(at)).length >= 2;
}

/**
 * How clear the first user turn is: the share of six checks that hold. It has at least three words (or ideographs); it asks a
 * question or names a task in English or Chinese; no placeholder was left unfilled; "the following" is followed by something;
 * "the above" has a turn before it or a text above; brackets are closed.
 *
 * @example
 * ```ts
 * import { instructionClarity } from '@llm/data-quality';
 * const turns = [{ role: 'user', content: 'Summarize the following text about [topic].' }, { role: 'assistant', content: '…' }] as const;
 * const { score, evidence } = instructionClarity({ id: 'a', turns });
 * console.assert(score === 4 / 6 && evidence.length === 2);
 * ```
 */
export function instructionClarity(example: SftExample): SftScore {
  const text = instructionOf(example);
  const first = example.turns.findIndex(({ role }) => role === 'user');
  const placeholder = PLACEHOLDER.exec(text)?.[0];
  const above = REFERS_ABOVE.exec(text);
  return scoreOfChecks([
    [wordTokens(text).length >= 3, 'fewer than three words'],
    [taskKind(text) !== 'other', 'neither a question nor a task that is known'],
    [placeholder === undefined, `a placeholder that was not filled in: ${placeholder}`],
    [!REFERS_BELOW.test(text) || hasMaterial(text), 'speaks of what follows, and nothing follows'],
    [!above || first > 0 || wordTokens(text.slice(0, above.index)).length >= 12, 'speaks of what stands above, and nothing stands there'],
    [balanced(text), 'a bracket that is not closed'],
  ]);
}
