/** A folder of the browser's own storage, by paths such as `a/model.safetensors`. */
export interface Store {
  read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Replaces a file and waits until it lies on the disk. */
  write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  remove(path: string): Promise<void>;
  clear(): Promise<void>;
}

const FOLDER = 'run';

/** The page's own storage (OPFS), or a sentence that says why there is none. */
export async function openStore(): Promise<Store | string> {
  try {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(FOLDER, { create: true });
    if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) return 'This browser cannot write to its storage from a worker.';
    return storeIn(root, folder);
  } catch (error) {
    return `This browser keeps no files for this page here (${error instanceof Error ? error.message : String(error)}).`;
  }
}

function storeIn(root: FileSystemDirectoryHandle, first: FileSystemDirectoryHandle): Store {
  let top = first;
  const fileOf = async (path: string, create: boolean): Promise<FileSystemFileHandle> => {
    const parts = path.split('/');
    let folder = top;
    for (const part of parts.slice(0, -1)) folder = await folder.getDirectoryHandle(part, { create });
    return folder.getFileHandle(parts.at(-1)!, { create });
  };
  const isMissing = (error: unknown): boolean => error instanceof DOMException && error.name === 'NotFoundError';
  return {
    async read(path) {
      try {
        return new Uint8Array(await (await (await fileOf(path, false)).getFile()).arrayBuffer());
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async write(path, bytes) {
      const handle = await (await fileOf(path, true)).createSyncAccessHandle();
      try {
        handle.truncate(0);
        const written = handle.write(bytes, { at: 0 });
        if (written !== bytes.length) throw new DOMException(`${written} of ${bytes.length} bytes were written`, 'QuotaExceededError');
        handle.flush();
      } finally {
        handle.close();
      }
    },
    async remove(path) {
      try {
        const [folder, name] = path.split('/');
        await (await top.getDirectoryHandle(folder!)).removeEntry(name!);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    },
    async clear() {
      await root.removeEntry(FOLDER, { recursive: true });
      top = await root.getDirectoryHandle(FOLDER, { create: true });
    },
  };
}

/** Waits for the right to write: one tab at a time. False where another tab keeps it. */
export async function takeLock(milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    navigator.locks.request('llm-playground-run', { signal: AbortSignal.timeout(milliseconds) }, () => {
      resolve(true);
      // Held until this worker ends.
      return new Promise(() => {});
    }).catch(() => resolve(false));
  });
}
