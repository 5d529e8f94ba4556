import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Model, type ModelConfig, writeConfig } from '@llm/model';
import type { Tree } from '@llm/tensor';
import { onnxFloat32 } from '../onnx/formats/float.ts';
import type { OnnxFormat } from '../onnx/formats/format.ts';
import { onnxFiles } from '../onnx/onnx-files.ts';
import { onnxModel } from '../onnx/onnx-model.ts';
import { type TokenizerSource, tokenizerTexts } from './tokenizer-texts.ts';

export interface SaveOnnxOptions {
  readonly model: Model<ModelConfig>;
  readonly params: Tree;
  /** What to write the weights as, one file each; the first is what transformers.js takes where it is not told. Default `[onnxFloat32()]`. */
  readonly formats?: readonly OnnxFormat[];
  readonly tokenizer?: TokenizerSource;
  /** Keys for generation_config.json, such as `temperature`. */
  readonly generation?: Readonly<Record<string, unknown>>;
  /** Puts the weights beside the graph; default where they take more than 1.9 GB. */
  readonly external?: boolean;
}

export interface SavedOnnx {
  /** In the order in which they were written, as paths inside the folder, with their sizes. */
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

/**
 * Writes the folder that `pipeline('text-generation', folder)` of transformers.js opens: onnx/model{suffix}.onnx for each format,
 * config.json, generation_config.json, and the tokenizer's files with its chat template.
 *
 * Weights are written one tensor at a time. Each file is replaced at once, config.json last; a run that dies leaves no half of one. Files of
 * other formats that are in the folder stay usable.
 *
 * @throws OnnxError as `onnxModel` before anything is written, E_RANGE for weights that a format cannot hold; errors of the file system.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { onnxFloat32, onnxQ4 } from '@llm/quantize';
 * import { saveOnnx } from '@llm/quantize/node';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 32, n_head: 2, n_layer: 1 });
 * const { files } = await saveOnnx('tiny-onnx', { model, params: model.init(0), formats: [onnxFloat32(), onnxQ4()] });
 * if (files[1]?.name !== 'onnx/model_q4.onnx') throw new Error('one file a format');
 * ```
 */
export async function saveOnnx(
  folder: string, { model, params, formats = [onnxFloat32()], tokenizer, generation = {}, external }: SaveOnnxOptions,
): Promise<SavedOnnx> {
  const { config } = model;
  const exports = formats.map((format) => {
    const name = `model${format.suffix}.onnx`;
    return { format, name, files: onnxFiles(onnxModel(model, params, { format }), { name, ...(external === undefined ? {} : { external }) }) };
  });
  const texts = new Map<string, string>(tokenizer === undefined ? [] : tokenizerTexts(tokenizer, config));
  texts.set('generation_config.json', jsonText({ bos_token_id: config.bosId, eos_token_id: config.eosIds, pad_token_id: config.padId, ...generation }));
  texts.set('config.json', jsonText({ ...writeConfig(config), 'transformers.js_config': webConfig(exports, await webConfigIn(folder)) }));
  const written: { name: string; bytes: number }[] = [];
  for (const { files } of exports) {
    for (const { name, bytes, chunks } of files) {
      await replace(join(folder, 'onnx', name), chunks());
      written.push({ name: `onnx/${name}`, bytes });
    }
  }
  for (const [name, text] of texts) {
    const bytes = new TextEncoder().encode(text);
    await replace(join(folder, name), [bytes]);
    written.push({ name, bytes: bytes.length });
  }
  return { files: written };
}

/** What the folder says to transformers.js of the files that it holds already. */
interface WebConfig { readonly kv_cache_dtype?: Readonly<Record<string, string>>; readonly use_external_data_format?: Readonly<Record<string, number>> }

async function webConfigIn(folder: string): Promise<WebConfig> {
  try {
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as { 'transformers.js_config'?: WebConfig };
    return config['transformers.js_config'] ?? {};
  } catch {
    // None, or one that nobody could read.
    return {};
  }
}

/** What transformers.js cannot know of itself: which file to take, whose weights lie beside it, and what the cache is made of. */
function webConfig(exports: readonly { format: OnnxFormat; name: string; files: readonly unknown[] }[], before: WebConfig): Record<string, unknown> {
  // It has no name for a format with fixed ranges, which is asked for by its file.
  const known = exports.map(({ format }) => format).filter(({ name }) => name !== 'qdq');
  const cache = { ...before.kv_cache_dtype, ...Object.fromEntries(known.filter(({ type }) => type === 'float16').map(({ name }) => [name, 'float16'])) };
  const beside = { ...before.use_external_data_format, ...Object.fromEntries(exports.map(({ name, files }) => [name, files.length - 1])) };
  const parts = Object.entries(beside).filter(([, count]) => count > 0);
  return {
    ...(known[0] === undefined ? {} : { dtype: known[0].name }),
    ...(Object.keys(cache).length === 0 ? {} : { kv_cache_dtype: cache }),
    ...(parts.length === 0 ? {} : { use_external_data_format: Object.fromEntries(parts) }),
  };
}

const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Writes beside the place of a file and renames, so that readers see the old one or the new one. */
async function replace(path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    const handle = await open(temporary, 'w');
    try {
      for await (const chunk of chunks) await handle.writeFile(chunk);
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
