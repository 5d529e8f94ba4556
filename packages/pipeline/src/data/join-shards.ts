import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { replaceText } from '../run/replace-text.ts';

/** Writes files one after the other into one, which has its name only once it is whole. Gzipped ones are one gzipped file together. */
export async function joinShards(folder: string, names: readonly string[], to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await replaceText(to, (async function* (): AsyncGenerator<Uint8Array> {
    for (const name of names) yield* createReadStream(join(folder, name)) as AsyncIterable<Uint8Array>;
  })());
}
