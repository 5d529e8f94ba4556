import { type FileHandle, open, stat } from 'node:fs/promises';
import { NeedsMore } from '../gguf/cursor.ts';
import { GgufError } from '../gguf/errors.ts';
import { type GgufHeader, type GgufTensorInfo, parseGgufHeader } from '../gguf/header.ts';
import type { GgufTensor } from '../gguf/read.ts';
import type { GgufMetadata } from '../gguf/value.ts';
import { type GgufKeys, type LazyGgufTensor, writeGgufStream } from '../gguf/write.ts';
import { quoted } from '../safetensors/errors.ts';
import { replaceFile } from './write-safetensors-file.ts';

/** An open GGUF file. Close it when done. */
export interface GgufFile {
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, GgufTensorInfo>;
  /** Reads the bytes of one tensor, and of no other. */
  read(name: string): Promise<GgufTensor>;
  close(): Promise<void>;
}

/** Enough for the keys of most models without their vocabulary. */
const FIRST_BYTES = 2 ** 16;
/** One read call moves at most 2 GiB on every system; this stays well below. */
const PIECE_BYTES = 2 ** 29;

async function readAt(handle: FileHandle, { path, position, bytes }: { path: string; position: number; bytes: number }): Promise<Uint8Array> {
  let data: Uint8Array;
  try {
    data = new Uint8Array(bytes);
  } catch (cause) {
    throw new GgufError('E_ALLOCATION', `readGgufFile: expected room for ${bytes} bytes of ${path} but found none. Read fewer tensors at once.`, { cause });
  }
  for (let at = 0; at < bytes;) {
    const { bytesRead } = await handle.read(data, at, Math.min(PIECE_BYTES, bytes - at), position + at);
    if (bytesRead === 0) throw new GgufError('E_TRUNCATED', `readGgufFile: expected ${bytes} bytes at ${position} of ${path} but found ${at}. The file was cut while it was read.`);
    at += bytesRead;
  }
  return data;
}

/** The header, from as many bytes of the file as it takes. */
async function headerOf(handle: FileHandle, path: string, fileBytes: number): Promise<GgufHeader> {
  for (let bytes = Math.min(FIRST_BYTES, fileBytes); ; bytes = Math.min(2 * bytes, fileBytes)) {
    try {
      return parseGgufHeader(await readAt(handle, { path, position: 0, bytes }), { fileBytes });
    } catch (error) {
      if (error instanceof GgufError) throw new GgufError(error.code, `${path}: ${error.message}`, { cause: error });
      if (!(error instanceof NeedsMore)) throw error;
    }
  }
}

/**
 * Opens a GGUF file and checks its header; tensors are read by offset when asked for.
 *
 * @throws GgufError with the path in the message.
 *
 * @example
 * ```ts
 * import { readGgufFile, writeGgufFile } from '@llm/tensor/node';
 * await writeGgufFile('norm.gguf', { 'general.architecture': 'llama' }, [['norm', { type: 'F32', shape: [1], data: new Uint8Array(4) }]]);
 * const file = await readGgufFile('norm.gguf');
 * const { data } = await file.read('norm');
 * await file.close();
 * if (data.length !== 4) throw new Error('one float of four bytes');
 * ```
 */
export async function readGgufFile(path: string): Promise<GgufFile> {
  const status = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new GgufError('E_NOT_FOUND', `readGgufFile: expected a readable file but found ${cause.code ?? 'an error'} at ${path}.`, { cause });
  });
  // Devices and pipes, which could block for ever, are refused before they are opened.
  if (!status.isFile()) throw new GgufError('E_NOT_A_FILE', `readGgufFile: expected a regular file but found something else at ${path}.`);
  const handle = await open(path, 'r');
  let header: GgufHeader;
  try {
    header = await headerOf(handle, path, status.size);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    metadata: header.metadata,
    tensors: header.tensors,
    async read(name) {
      const info = header.tensors.get(name);
      if (info === undefined) {
        throw new GgufError('E_NO_TENSOR', `read: expected a tensor of ${path} but found ${quoted(name)}. It holds ${[...header.tensors.keys()].slice(0, 5).map(quoted).join(', ')}${header.tensors.size > 5 ? ', …' : ''}.`);
      }
      const { type, shape, offset, bytes } = info;
      return { type, shape, data: await readAt(handle, { path, position: header.dataStart + offset, bytes }) };
    },
    close: () => handle.close(),
  };
}

/**
 * Writes a GGUF file so that a crash, a full disk or a lazy tensor that throws leaves the old file as it was.
 *
 * @throws GgufError as `writeGguf`; errors of the file system as they are (ENOSPC, EACCES …).
 */
export async function writeGgufFile(path: string, keys: GgufKeys, tensors: Iterable<readonly [string, GgufTensor | LazyGgufTensor]>): Promise<void> {
  await replaceFile(path, writeGgufStream(keys, tensors));
}
