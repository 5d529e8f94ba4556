import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeSafetensorsStream } from '../safetensors/write.ts';
import type { LazyTensor, WritableTensor, WriteOptions } from '../safetensors/write.ts';

/** Makes renames and removals in a folder durable; Windows has no such call and needs none. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes `chunks` beside `path`, forces them to disk and renames them into place: readers see the old file or the new one. */
export async function replaceFile(path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    const handle = await open(temporary, 'w');
    try {
      for await (const chunk of chunks) {
        for (let at = 0; at < chunk.length;) {
          const { bytesWritten } = await handle.write(chunk, at, Math.min(chunk.length - at, 2 ** 29));
          at += bytesWritten;
        }
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * Writes one safetensors file so that a crash, a full disk or a lazy tensor that throws leaves the old file as it was.
 *
 * @throws SafetensorsError as `writeSafetensors`; errors of the file system as they are (ENOSPC, EACCES …).
 */
export async function writeSafetensorsFile(
  path: string,
  tensors: Iterable<readonly [string, WritableTensor | LazyTensor]>,
  options: WriteOptions = {},
): Promise<void> {
  await replaceFile(path, writeSafetensorsStream(tensors, options));
}
