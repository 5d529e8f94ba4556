/** The parts of a tuple, an interval, a set or a list. */
export interface List {
  /** Its brackets: `()`, `[)`, `{}` or none. */
  readonly brackets: string;
  readonly parts: readonly string[];
  /** The order counts in tuples and intervals. */
  readonly ordered: boolean;
}

/** Takes an answer apart at the commas and "and" or "or" that stand in no bracket of their own; undefined where it is one thing. */
export function splitList(text: string): List | undefined {
  const set = text.match(/^\\\{(.*)\\\}$/)?.[1];
  const tuple = set === undefined ? text.match(/^([([])(.*)([)\]])$/) : null;
  const parts = apart(set ?? tuple?.[2] ?? text);
  if (set !== undefined) return { brackets: '{}', parts, ordered: false };
  if (parts.length < 2) return undefined;
  return tuple === null ? { brackets: '', parts, ordered: false } : { brackets: tuple[1]! + tuple[3]!, parts, ordered: true };
}

function apart(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if ('([{'.includes(text[i]!)) depth++;
    else if (')]}'.includes(text[i]!)) depth--;
    const word = depth === 0 ? text.slice(i).match(/^(?:,| (?:and|or) )/)?.[0] : undefined;
    // A bracket that closes what this text did not open: the outer brackets are not a pair.
    if (depth < 0) return [text];
    if (word === undefined) continue;
    parts.push(text.slice(from, i).trim());
    i += word.length - 1;
    from = i + 1;
  }
  parts.push(text.slice(from).trim());
  return parts;
}
