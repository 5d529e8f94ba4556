/**
 * The final answer in a text: the last `\boxed{…}`, else what follows the last `####`, else what follows the last "answer is" or "answer:",
 * up to the end of its sentence; undefined where there is none.
 *
 * @example
 * ```ts
 * import { extractAnswer } from '@llm/preference';
 * if (extractAnswer('So it is \\boxed{\\frac{1}{2}}.') !== '\\frac{1}{2}' || extractAnswer('9 eggs.\n#### 18') !== '18') throw new Error('the end');
 * if (extractAnswer('I do not know') !== undefined) throw new Error('none');
 * ```
 */
export function extractAnswer(text: string): string | undefined {
  const boxed = lastBoxed(text);
  if (boxed !== undefined) return boxed;
  const marked = text.lastIndexOf('####');
  if (marked >= 0) return text.slice(marked + 4).split('\n')[0]!.trim() || undefined;
  const said = [...text.matchAll(/answer(?:\s+is)?\s*[:=]?\s+([^\n]+)/gi)].at(-1)?.[1];
  // A sentence ends at a full stop with nothing but space behind it; 3.5 goes on.
  return said?.replace(/[.!](?=\s|$).*$/, '').trim() || undefined;
}

/** What stands in the last \boxed or \fbox, with its braces balanced. */
function lastBoxed(text: string): string | undefined {
  const at = Math.max(text.lastIndexOf('\\boxed'), text.lastIndexOf('\\fbox'));
  if (at < 0) return undefined;
  const open = text.indexOf('{', at);
  if (open < 0) return text.slice(at).match(/^\\boxed\s+(\S)/)?.[1];
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return text.slice(open + 1, i).trim();
  }
  return undefined;
}
