import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Writes files one after the other into one, which has its name only once it is whole. Gzipped ones are one gzipped file together. */
export async function joinShards(folder: string, names: readonly string[], to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const unfinished = `${to}.tmp-${process.pid}`;
  const handle = await open(unfinished, 'w');
  try {
    for (const name of names) for await (const chunk of createReadStream(join(folder, name))) await handle.writeFile(chunk as Uint8Array);
    await handle.sync();
    await handle.close();
    await rename(unfinished, to);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(unfinished, { force: true });
    throw error;
  }
}
