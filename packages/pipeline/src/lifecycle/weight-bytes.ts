import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const WEIGHTS = /\.(?:safetensors|gguf|onnx|onnx_data)$/;

/** The bytes of the weights in a folder, one level down too: what a model weighs in the form it was saved in. */
export async function weightBytes(folder: string, depth = 1): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    // Tokens and checkpoints are no model.
    if (entry.isDirectory() && depth > 0 && !/^(?:data|step-\d+.*)$/.test(entry.name)) sum += await weightBytes(join(folder, entry.name), depth - 1);
    else if (entry.isFile() && WEIGHTS.test(entry.name)) sum += (await stat(join(folder, entry.name))).size;
  }
  return sum;
}
