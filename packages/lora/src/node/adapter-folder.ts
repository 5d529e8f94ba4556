import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Adapter } from '../adapter.ts';
import { LoraError } from '../errors.ts';
import { readPeft } from '../peft/read-peft.ts';
import { writePeft, type WritePeftOptions } from '../peft/write-peft.ts';

const CONFIG = 'adapter_config.json';
const MODEL = 'adapter_model.safetensors';

async function replaceFile(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    await writeFile(temporary, data, { flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Writes an adapter as a folder that `PeftModel.from_pretrained` reads; several adapters of one model go into folders of their own.
 *
 * @example
 * ```ts
 * import { adapterOf, attach, lora } from '@llm/lora';
 * import { loadAdapter, saveAdapter } from '@llm/lora/node';
 * import { ones, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const base = { proj: { weight: ones([2, 3]) } };
 * await saveAdapter('tiny-adapter', { adapter: adapterOf(lora(base, { targets: ['proj'] })), baseModel: 'tiny' });
 * const { adapter, config } = await loadAdapter('tiny-adapter');
 * attach(base, adapter);
 * if (config.base_model_name_or_path !== 'tiny') throw new Error('round trip');
 * ```
 */
export async function saveAdapter(folder: string, { adapter, ...options }: { adapter: Adapter } & WritePeftOptions): Promise<{ fileNames: string[] }> {
  const { config, model } = await writePeft(adapter, options);
  await mkdir(folder, { recursive: true });
  await replaceFile(join(folder, MODEL), model);
  await replaceFile(join(folder, CONFIG), config);
  return { fileNames: [CONFIG, MODEL] };
}

/**
 * Reads the folder of an adapter as PEFT writes it.
 *
 * @throws LoraError E_NOT_FOUND for a folder without one (a pickle, `adapter_model.bin`, is never read); otherwise as `readPeft`.
 */
export async function loadAdapter(folder: string): Promise<{ adapter: Adapter; config: Readonly<Record<string, unknown>> }> {
  const read = async (name: string): Promise<Buffer> => {
    if (!(await stat(join(folder, name)).catch(() => undefined))?.isFile()) {
      throw new LoraError('E_NOT_FOUND', `loadAdapter: expected ${name} in ${folder} but found none. Give the folder that PeftModel.save_pretrained or saveAdapter wrote; a pickle is never read.`);
    }
    return readFile(join(folder, name));
  };
  return readPeft({ config: (await read(CONFIG)).toString('utf8'), model: await read(MODEL) });
}
