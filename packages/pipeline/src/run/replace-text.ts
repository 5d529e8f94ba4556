import { open, rename, rm } from 'node:fs/promises';

/** Replaces a file at once, by a text or by parts in turn: readers, and a crash, see the old content or the new one. */
export async function replaceText(path: string, text: string | Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    const handle = await open(temporary, 'w');
    try {
      for await (const part of typeof text === 'string' || text instanceof Uint8Array ? [text] : text) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
