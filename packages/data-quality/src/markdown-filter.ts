/** Longer than any real front matter: past it, a `---` on the first line was a rule and not a fence. */
const MAX_FRONT_MATTER_LINES = 200;

export interface MarkdownFilter {
  line(text: string): readonly string[];
  end(): readonly string[];
}

function insideInlineCode(before: string): boolean {
  let inside = false;
  for (const char of before) if (char === '`') inside = !inside;
  return inside;
}

/** Drops front matter and HTML comments line by line; what stands in fenced or inline code stays. */
export function markdownFilter(): MarkdownFilter {
  let first = true;
  let front: { fence: string; held: string[] } | undefined;
  let codeFence: string | undefined;
  let inComment = false;

  const body = (text: string): string[] => {
    if (!inComment) {
      const mark = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(text);
      if (codeFence !== undefined) {
        if (mark?.[1]?.startsWith(codeFence) && mark[2]?.trim() === '') codeFence = undefined;
        return [text];
      }
      if (mark?.[1] !== undefined && !(mark[1].startsWith('`') && mark[2]?.includes('`'))) {
        codeFence = mark[1];
        return [text];
      }
      if (!text.includes('<!--')) return [text];
    }
    let kept = '';
    let at = 0;
    while (at < text.length) {
      if (inComment) {
        const close = text.indexOf('-->', at);
        inComment = close < 0;
        at = inComment ? text.length : close + 3;
        continue;
      }
      const open = text.indexOf('<!--', at);
      const stop = open < 0 ? text.length : open;
      kept += text.slice(at, stop);
      at = stop;
      if (open < 0) break;
      if (insideInlineCode(kept)) {
        kept += '<!--';
      } else {
        inComment = true;
      }
      at += 4;
    }
    return kept.trim() === '' ? [] : [kept];
  };

  const end = (): string[] => {
    const held = front?.held ?? [];
    front = undefined;
    return held.flatMap(body);
  };

  const line = (text: string): string[] => {
    if (first) {
      first = false;
      if (text === '---' || text === '+++') {
        front = { fence: text, held: [text] };
        return [];
      }
    }
    if (front === undefined) return body(text);
    front.held.push(text);
    if (text === front.fence || (front.fence === '---' && text === '...')) front = undefined;
    else if (front.held.length > MAX_FRONT_MATTER_LINES) return end();
    return [];
  };
  return { line, end };
}
