import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A process that was killed while it wrote `path` could not remove its temporary. */
async function sweepTemporaries(path: string): Promise<void> {
  const prefix = `${basename(path)}.tmp-`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length));
    if (Number.isInteger(pid) && pid > 0 && !isAlive(pid)) await rm(join(dirname(path), name), { force: true });
  }
}

/** Writes `chunks` beside `path`, forces them to disk and renames them into place: readers see the old file or the new one. */
export async function replaceFile(path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.tmp-${process.pid}`;
  await sweepTemporaries(path);
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
