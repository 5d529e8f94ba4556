import type { Document } from './types.ts';

export interface JsonlBytesOptions {
  /** Compress with gzip. */
  readonly gzip?: boolean;
  /** Default `text`. */
  readonly textField?: string;
  /** Default `id`. */
  readonly idField?: string;
  /** Put `meta` whole under this name, instead of its fields beside text and id. */
  readonly metaField?: string;
}

const CHUNK_UNITS = 64 * 1024;

async function* plainBytes(documents: AsyncIterable<Document> | Iterable<Document>, { textField = 'text', idField = 'id', metaField }: JsonlBytesOptions): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  let pending: string[] = [];
  let units = 0;
  for await (const { id, text, meta } of documents) {
    const rest = metaField === undefined ? meta : meta && { [metaField]: meta };
    for (const field of [textField, idField]) {
      if (rest && Object.hasOwn(rest, field)) throw new RangeError(`jsonlBytes: expected no field ${JSON.stringify(field)} in the meta of ${JSON.stringify(id)} but found one. Set metaField to keep meta apart, or name another field for the text or the id.`);
    }
    const line = `${JSON.stringify({ [idField]: id, [textField]: text, ...rest })}\n`;
    pending.push(line);
    units += line.length;
    if (units < CHUNK_UNITS) continue;
    yield encoder.encode(pending.join(''));
    pending = [];
    units = 0;
  }
  if (units > 0) yield encoder.encode(pending.join(''));
}

/**
 * The bytes of a JSON Lines file that `readJsonl` reads back: one object a line with id, text, and the fields of `meta`. Lone
 * surrogates are escaped and so kept; `source` is not written, as the reader makes it of the file's name. Memory is one
 * document and 64 KiB.
 *
 * Throws RangeError where `meta` has a field of the name of the text or the id.
 *
 * @example
 * ```ts
 * import { gunzip, jsonlBytes, readJsonl } from '@llm/data-quality';
 * const bytes = jsonlBytes([{ id: 'a', text: 'hello', meta: { lang: 'en' } }], { gzip: true });
 * for await (const { id, meta } of readJsonl(gunzip(bytes))) console.assert(id === 'a' && meta?.lang === 'en');
 * ```
 */
export async function* jsonlBytes(documents: AsyncIterable<Document> | Iterable<Document>, options: JsonlBytesOptions = {}): AsyncGenerator<Uint8Array> {
  const plain = plainBytes(documents, options);
  if (!options.gzip) {
    yield* plain;
    return;
  }
  // Not pipeThrough: in Node it takes in everything before anything has been compressed.
  const { writable, readable } = new CompressionStream('gzip');
  const writer = writable.getWriter();
  const reader = readable.getReader();
  let fault: unknown;
  const feed = async (): Promise<void> => {
    try {
      for await (const chunk of plain) {
        await writer.ready;
        await writer.write(chunk);
      }
      await writer.close();
    } catch (error) {
      fault ??= error;
      await writer.abort(error).catch(() => undefined);
    }
  };
  const feeding = feed();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } catch (error) {
    throw fault ?? error;
  } finally {
    await reader.cancel().catch(() => undefined);
    await writer.abort().catch(() => undefined);
    await feeding;
  }
}
