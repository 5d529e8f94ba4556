import { rm, type FileHandle } from 'node:fs/promises';
import { datatroveIndex, datatroveMetadata, LLMC_HEADER_BYTES, llmcHeader, tokenArray, type TokenBytes, type TokenFormat } from '../tokenized/token-format.ts';
import { writeWholeFile } from './whole-file.ts';

export interface TokenShardFile {
  readonly file: string;
  readonly tokens: number;
  readonly documents: number;
}

export interface TokenShardFileOptions {
  readonly format: TokenFormat;
  readonly bytesEach: TokenBytes;
  readonly tokenizerName: string | undefined;
}

const BUFFERED_TOKENS = 256 * 1024;

/** The files of one shard: the one with the tokens comes last, so that where it is, the others are. */
export const filesOfShard = (file: string, format: TokenFormat): readonly string[] => (format === 'datatrove' ? [`${file}.index`, `${file}.metadata`, file] : [file]);

/** Writes one shard; memory is a buffer of tokens and a number for each document. */
export async function writeTokenShardFile(file: string, documents: AsyncIterable<ArrayLike<number>>, { format, bytesEach, tokenizerName }: TokenShardFileOptions): Promise<TokenShardFile> {
  const ends: number[] = [];
  let tokens = 0;
  const writeTokens = async (handle: FileHandle): Promise<void> => {
    const buffer = tokenArray(bytesEach, BUFFERED_TOKENS);
    const bytes = new Uint8Array(buffer.buffer);
    let filled = 0;
    const flush = async (): Promise<void> => {
      await handle.writeFile(bytes.subarray(0, filled * bytesEach));
      filled = 0;
    };
    // The number of tokens is known at the end: the header is written over then.
    if (format === 'llmc') await handle.writeFile(llmcHeader(0, bytesEach));
    for await (const document of documents) {
      for (let from = 0; from < document.length; ) {
        const taken = Math.min(document.length - from, BUFFERED_TOKENS - filled);
        for (let i = 0; i < taken; i++) buffer[filled + i] = document[from + i] as number;
        filled += taken;
        from += taken;
        if (filled === BUFFERED_TOKENS) await flush();
      }
      tokens += document.length;
      ends.push(tokens);
    }
    await flush();
    if (format === 'llmc') await handle.write(llmcHeader(tokens, bytesEach), 0, LLMC_HEADER_BYTES, 0);
    else {
      await writeWholeFile(`${file}.index`, (index) => index.writeFile(datatroveIndex(ends)));
      await writeWholeFile(`${file}.metadata`, (metadata) => metadata.writeFile(datatroveMetadata(tokens, { bytesEach, tokenizerName })));
    }
  };
  try {
    await writeWholeFile(file, writeTokens);
  } catch (error) {
    for (const each of filesOfShard(file, format)) await rm(each, { force: true });
    throw error;
  }
  return { file, tokens, documents: ends.length };
}
