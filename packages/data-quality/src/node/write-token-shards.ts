import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '../mixing/seeded-random.ts';
import { bytesPerToken, type TokenFormat } from '../tokenized/token-format.ts';
import type { Document } from '../types.ts';
import { filesOfShard, writeTokenShardFile, type TokenShardFile } from './token-shard-file.ts';

export interface WriteTokenShardsOptions {
  /** Token ids of one text. */
  readonly encode: (text: string) => ArrayLike<number> | Promise<ArrayLike<number>>;
  /** Ids of the tokenizer: up to 65536 are written in two bytes each, more in four. */
  readonly vocabSize: number;
  /** Put before, or after, the tokens of every document; default none. llm.c's own data has one before, datatrove's one after. */
  readonly bos?: number;
  readonly eos?: number;
  /** Default `datatrove`. */
  readonly format?: TokenFormat;
  /** Most tokens of a shard; a longer document has one for itself, and no document is cut. Default 100 million, the size that llm.c uses. */
  readonly shardTokens?: number;
  /** Draw documents in random order out of a buffer of so many, filled anew as it empties; its documents are in memory. Default: as they come. */
  readonly shuffle?: { readonly documents: number; readonly seed: number };
  /** Files are `<name>_00000.ds`, or `<name>_000000.bin` for llm.c. Default `tokens`. */
  readonly name?: string;
  /** For datatrove's metadata. */
  readonly tokenizerName?: string;
  /** Remove shards of this name that are in the folder first. Off, they are an error. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
}

export interface TokenShardsWritten {
  readonly shards: readonly TokenShardFile[];
  readonly documents: number;
  readonly tokens: number;
  /** Documents of no tokens, which are left out. */
  readonly empty: number;
}

/** Documents in random order, out of a buffer. */
async function* shuffled<T>(items: AsyncIterable<T>, { documents, seed }: { documents: number; seed: number }): AsyncGenerator<T> {
  const below = seededRandom(seed);
  const buffer: T[] = [];
  for await (const item of items) {
    if (buffer.length < documents) {
      buffer.push(item);
      continue;
    }
    const at = below(documents);
    yield buffer[at] as T;
    buffer[at] = item;
  }
  while (buffer.length > 0) {
    const at = below(buffer.length);
    yield buffer[at] as T;
    buffer[at] = buffer.at(-1) as T;
    buffer.pop();
  }
}

/**
 * Writes documents as shards of token ids, for training: datatrove's `.ds` (with `.ds.index`, the cumulative ends of the documents,
 * and `.ds.metadata`) or llm.c's `.bin`. Each file is moved to its place when it is whole; a run that fails removes what it wrote.
 * Memory is one document and a buffer, with `shuffle` its documents too.
 *
 * Throws RangeError for ids that are not whole numbers below `vocabSize`, and for a folder that holds shards of this name already.
 *
 * @example
 * ```ts no-run
 * import { readDocuments, writeTokenShards } from '@llm/data-quality/node';
 * declare const tokenizer: { encode(text: string): number[]; vocabSize: number };
 * const { shards, tokens } = await writeTokenShards('shards', readDocuments(['docs']), { encode: (text) => tokenizer.encode(text), vocabSize: tokenizer.vocabSize, eos: 0 });
 * console.log(shards.length, tokens);
 * ```
 */
export async function writeTokenShards(folder: string, documents: AsyncIterable<Document> | Iterable<Document>, options: WriteTokenShardsOptions): Promise<TokenShardsWritten> {
  const { encode, vocabSize, bos, eos, format = 'datatrove', shardTokens = 1e8, shuffle, name = 'tokens', tokenizerName, overwrite = false, signal } = options;
  const check = (good: boolean, what: string, found: unknown): void => {
    if (!good) throw new RangeError(`writeTokenShards: expected ${what} but found ${String(found)}.`);
  };
  const isId = (id: number | undefined): boolean => id === undefined || (Number.isInteger(id) && id >= 0 && id < vocabSize);
  check(Number.isInteger(vocabSize) && vocabSize >= 1 && vocabSize <= 2 ** 32, 'vocabSize to be a whole number from 1 to 2³²', vocabSize);
  check(isId(bos), 'bos to be an id below vocabSize', bos);
  check(isId(eos), 'eos to be an id below vocabSize', eos);
  check(format === 'datatrove' || format === 'llmc', 'the format datatrove or llmc', format);
  check(shardTokens >= 1 && shardTokens < 2 ** 31, 'shardTokens from 1 to 2³¹ - 1', shardTokens);
  check(!shuffle || (Number.isInteger(shuffle.documents) && shuffle.documents >= 1), 'shuffle.documents to be a whole number from 1 on', shuffle?.documents);
  check(/^[\w.-]+$/.test(name), 'a name of letters, digits, points and dashes', name);
  await mkdir(folder, { recursive: true });
  const numbered = format === 'datatrove' ? /^\d{5,}\.ds(?:\.index|\.metadata)?$/ : /^\d{6,}\.bin$/;
  const old = (await readdir(folder)).filter((file) => file.startsWith(`${name}_`) && numbered.test(file.slice(name.length + 1)));
  if (old.length > 0 && !overwrite) throw new RangeError(`writeTokenShards: expected a folder without shards of the name ${name} but found ${old[0]} in ${folder}. Remove them, name the new ones otherwise, or set overwrite.`);
  for (const file of old) await rm(join(folder, file));

  let empty = 0;
  const encoded = async function* (): AsyncGenerator<ArrayLike<number>> {
    for await (const { id, text } of documents) {
      signal?.throwIfAborted();
      const ids = await encode(text);
      if (ids.length === 0) {
        empty++;
        continue;
      }
      for (let i = 0; i < ids.length; i++) if (!isId(ids[i] ?? -1)) check(false, `token ${i} of ${JSON.stringify(id)} to be an id below vocabSize, ${vocabSize},`, ids[i]);
      yield bos === undefined && eos === undefined ? ids : [...(bos === undefined ? [] : [bos]), ...Array.from(ids), ...(eos === undefined ? [] : [eos])];
    }
  };
  const source = shuffle ? shuffled(encoded(), shuffle) : encoded();
  let next = await source.next();
  const oneShard = async function* (): AsyncGenerator<ArrayLike<number>> {
    let tokens = 0;
    while (!next.done && (tokens === 0 || tokens + next.value.length <= shardTokens)) {
      tokens += next.value.length;
      yield next.value;
      next = await source.next();
    }
  };
  const shards: TokenShardFile[] = [];
  try {
    while (!next.done) {
      const number = String(shards.length);
      const file = join(folder, format === 'datatrove' ? `${name}_${number.padStart(5, '0')}.ds` : `${name}_${number.padStart(6, '0')}.bin`);
      shards.push(await writeTokenShardFile(file, oneShard(), { format, bytesEach: bytesPerToken(vocabSize), tokenizerName }));
    }
  } catch (error) {
    for (const { file } of shards) for (const each of filesOfShard(file, format)) await rm(each, { force: true });
    throw error;
  } finally {
    await source.return(undefined);
  }
  return { shards, documents: shards.reduce((sum, each) => sum + each.documents, 0), tokens: shards.reduce((sum, each) => sum + each.tokens, 0), empty };
}
