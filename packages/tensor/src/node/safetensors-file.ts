import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { quoted, SafetensorsError } from '../safetensors/errors.ts';
import { headerLength, parseHeader } from '../safetensors/header.ts';
import type { SafetensorsHeader, TensorInfo } from '../safetensors/header.ts';
import { convertLine, namesPickle } from '../safetensors/pickle.ts';
import type { RawTensor } from '../safetensors/read.ts';

/** An open source of tensors: one file or a folder of shards. Close it when done. */
export interface SafetensorsSource {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Reads the bytes of one tensor, and of no other. */
  read(name: string): Promise<RawTensor>;
  close(): Promise<void>;
}

export interface SafetensorsFile extends SafetensorsSource {
  readonly header: SafetensorsHeader;
}

/** One read call moves at most 2 GiB on every system; this stays well below. */
const PIECE_BYTES = 2 ** 29;

async function readExactly(handle: FileHandle, { path, position, bytes }: { path: string; position: number; bytes: number }): Promise<Uint8Array> {
  let data: Uint8Array;
  try {
    data = new Uint8Array(bytes);
  } catch (cause) {
    throw new SafetensorsError('E_ALLOCATION', `readSafetensorsFile: expected room for ${bytes} bytes of ${path} but found none. Read fewer tensors at once.`, { cause });
  }
  let at = 0;
  while (at < bytes) {
    const { bytesRead } = await handle.read(data, at, Math.min(PIECE_BYTES, bytes - at), position + at);
    if (bytesRead === 0) {
      throw new SafetensorsError('E_INCOMPLETE', `readSafetensorsFile: expected ${bytes} bytes at ${position} of ${path} but found ${at}. The file was cut while it was read.`);
    }
    at += bytesRead;
  }
  return data;
}

/** Size of a regular file; devices and pipes, which could block for ever, are refused before they are opened. */
async function regularFileBytes(path: string): Promise<number> {
  if (namesPickle(path)) {
    throw new SafetensorsError('E_PICKLE', `readSafetensorsFile: expected a .safetensors file but found ${path}, a pickle, which can run code when read. ${convertLine(path)}`);
  }
  const status = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new SafetensorsError('E_NOT_FOUND', `readSafetensorsFile: expected a readable file but found ${cause.code ?? 'an error'} at ${path}.`, { cause });
  });
  if (!status.isFile()) {
    throw new SafetensorsError('E_NOT_A_FILE', `readSafetensorsFile: expected a regular file but found something else at ${path}. Use readShardedFolder for a folder.`);
  }
  return status.size;
}

/**
 * Opens a safetensors file and checks its header; tensors are read by offset when asked for.
 *
 * @throws SafetensorsError with the path in the message; E_PICKLE for `.bin`, `.pt` and the like, which are never read.
 *
 * @example
 * ```ts
 * import { readSafetensorsFile, writeSafetensorsFile } from '@llm/tensor/node';
 * await writeSafetensorsFile('model.safetensors', [['w', { dtype: 'F32', shape: [1], data: new Float32Array([7]) }]]);
 * const file = await readSafetensorsFile('model.safetensors');
 * const { data } = await file.read('w');
 * await file.close();
 * if (data.length !== 4) throw new Error('one float of four bytes');
 * ```
 */
export async function readSafetensorsFile(path: string): Promise<SafetensorsFile> {
  const fileBytes = await regularFileBytes(path);
  const handle = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new SafetensorsError('E_NOT_FOUND', `readSafetensorsFile: expected a readable file but found ${cause.code ?? 'an error'} at ${path}.`, { cause });
  });
  let header: SafetensorsHeader;
  try {
    const start = await readExactly(handle, { path, position: 0, bytes: Math.min(8, fileBytes) });
    const bytes = 8 + headerLength(start, { fileBytes });
    header = parseHeader(await readExactly(handle, { path, position: 0, bytes }), { fileBytes });
  } catch (error) {
    await handle.close();
    if (!(error instanceof SafetensorsError)) throw error;
    throw new SafetensorsError(error.code, `${path}: ${error.message}`, { cause: error });
  }
  return {
    header,
    tensors: header.tensors,
    metadata: header.metadata,
    async read(name) {
      const info = header.tensors.get(name);
      if (info === undefined) {
        throw new SafetensorsError('E_NO_TENSOR', `read: expected a tensor of ${path} but found ${quoted(name)}. It holds ${[...header.tensors.keys()].slice(0, 5).map(quoted).join(', ')}${header.tensors.size > 5 ? ', …' : ''}.`);
      }
      const { dtype, shape, begin, end } = info;
      return { dtype, shape, data: await readExactly(handle, { path, position: header.dataStart + begin, bytes: end - begin }) };
    },
    close: () => handle.close(),
  };
}
