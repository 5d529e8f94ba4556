import { DEFAULT_MAX_LINE_BYTES } from './read-lines.ts';
import { scanLines } from './line-scanner.ts';
import { markdownFilter } from './markdown-filter.ts';
import { utf8Bytes } from './text-length.ts';
import type { Document } from './types.ts';

export interface ReadTextOptions {
  /** Id of the document; further parts of a split one get `#2`, `#3`, … after it. Default `source`, or `text`. */
  readonly id?: string;
  /** File name, for `source` and for messages. */
  readonly source?: string;
  /** A longer text is given out in parts, cut between two lines. Default 16 MiB. A single longer line is E_LINE_TOO_LONG. */
  readonly maxDocumentBytes?: number;
  /** Bytes that are not UTF-8 become U+FFFD instead of an error. */
  readonly replaceInvalid?: boolean;
}

/** Sees every line once, in order, and says which lines to keep in its place; `end` gives what it still held back. */
interface LineFilter {
  line(text: string): readonly string[];
  end(): readonly string[];
}

async function* cut(stream: AsyncIterable<Uint8Array>, { id, source, maxDocumentBytes = DEFAULT_MAX_LINE_BYTES, replaceInvalid = false, caller, filter }: ReadTextOptions & { caller: string; filter: LineFilter }): AsyncGenerator<Document> {
  const name = id ?? source ?? 'text';
  let lines: string[] = [];
  let bytes = 0;
  let part = 0;
  const take = (end: string): Document => {
    part++;
    const text = lines.join('\n') + end;
    lines = [];
    bytes = 0;
    return { id: part === 1 ? name : `${name}#${part}`, text, ...(source === undefined ? {} : { source }) };
  };
  function* add(kept: readonly string[]): Generator<Document> {
    for (const line of kept) {
      const size = utf8Bytes(line) + 1;
      if (lines.length > 0 && bytes + size > maxDocumentBytes) yield take('\n');
      lines.push(line);
      bytes += size;
    }
  }
  let end = '\n';
  for await (const batch of scanLines(stream, { maxLineBytes: maxDocumentBytes, replaceInvalid, source, caller })) {
    if (batch.unterminated) end = '';
    for (const line of batch.lines) {
      if (typeof line !== 'string') throw line;
      yield* add(filter.line(line));
    }
  }
  yield* add(filter.end());
  if (lines.length > 0) yield take(end);
}

/**
 * A plain text stream as one document, or as several where it is longer than `maxDocumentBytes`.
 *
 * The text is kept as it is, but for a leading byte order mark and for CRLF, which becomes LF. An empty stream gives
 * nothing. Throws DataError E_ENCODING or E_LINE_TOO_LONG. Memory is one document.
 *
 * @example
 * ```ts
 * import { readText } from '@llm/data-quality';
 * for await (const document of readText(new Blob(['Hello.\r\n']).stream(), { id: 'a' })) console.assert(document.text === 'Hello.\n');
 * ```
 */
export async function* readText(stream: AsyncIterable<Uint8Array>, options: ReadTextOptions = {}): AsyncGenerator<Document> {
  yield* cut(stream, { ...options, caller: 'readText', filter: { line: (line) => [line], end: () => [] } });
}


/**
 * A Markdown stream as one document, or as several where it is longer than `maxDocumentBytes`.
 *
 * The markup is text to learn from and stays; YAML (`---`) or TOML (`+++`) front matter and HTML comments outside code go,
 * and with them the lines that held nothing else. Otherwise as `readText`.
 *
 * @example
 * ```ts
 * import { readMarkdown } from '@llm/data-quality';
 * const stream = new Blob(['---\ntitle: x\n---\n# Hi <!-- todo -->\n']).stream();
 * for await (const document of readMarkdown(stream)) console.assert(document.text === '# Hi \n');
 * ```
 */
export async function* readMarkdown(stream: AsyncIterable<Uint8Array>, options: ReadTextOptions = {}): AsyncGenerator<Document> {
  yield* cut(stream, { ...options, caller: 'readMarkdown', filter: markdownFilter() });
}
