import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { reasonOf } from './errors.ts';

/**
 * Bytes that an ordinary user may still write to the disk of `path`, which need not exist yet.
 *
 * @throws the system's error when the disk cannot be asked.
 *
 * @example
 * ```ts
 * import { freeBytes } from '@llm/train/node';
 * if (!(await freeBytes('runs/new') >= 0)) throw new Error('a number of bytes');
 * ```
 */
export async function freeBytes(path: string): Promise<number> {
  let folder = resolve(path);
  for (;;) {
    try {
      const { bavail, bsize } = await statfs(folder, { bigint: true });
      return Number(bavail * bsize);
    } catch (error) {
      const parent = dirname(folder);
      if (!['ENOENT', 'ENOTDIR'].includes(reasonOf(error)) || parent === folder) throw error;
      folder = parent;
    }
  }
}
