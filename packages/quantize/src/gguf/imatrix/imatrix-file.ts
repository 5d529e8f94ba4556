import { type Model, type ModelConfig, ModelError } from '@llm/model';
import { GgufError, readGguf, toFloat32, writeGguf } from '@llm/tensor';
import { architectureOf } from '../model/architectures.ts';
import type { Importance } from './importance.ts';

/** The names of a model's matrices in files, by path. */
function namesOf({ config }: Pick<Model<ModelConfig>, 'config'>): ReadonlyMap<string, string> {
  return new Map(architectureOf(config).placements(config).map(({ path, name }) => [path, name]));
}

export interface ImatrixOptions {
  readonly model: Pick<Model<ModelConfig>, 'config'>;
  /** What it was measured on, for the record. */
  readonly datasets?: readonly string[];
  /** Tokens of a row, and the number of rows; default 0, unknown. */
  readonly chunkSize?: number;
  readonly chunks?: number;
}

/**
 * An importance matrix as the GGUF file that llama.cpp's `llama-imatrix` writes and `llama-quantize --imatrix` reads: for each matrix the sums of
 * squares `blk.0.attn_q.weight.in_sum2` [1, in] and how many they are of, `.counts` [1, 1].
 *
 * @throws ModelError E_ARCHITECTURE, E_WEIGHTS for a path that the model has not.
 *
 * @example
 * ```ts
 * import { readImatrix, writeImatrix } from '@llm/quantize';
 * import { createModel } from '@llm/model';
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 2, n_head: 1, n_layer: 1 });
 * const path = 'transformer.h.0.mlp.c_fc.weight';
 * const file = writeImatrix({ values: new Map([[path, Float32Array.of(1, 4)]]), tokens: new Map([[path, 10]]) }, { model });
 * if (readImatrix(file, { model }).values.get(path)![1] !== 4) throw new Error('round trip');
 * ```
 */
export function writeImatrix({ values, tokens }: Importance, { model, datasets = [], chunkSize = 0, chunks = 0 }: ImatrixOptions): Uint8Array {
  const names = namesOf(model);
  const tensors = [...values].flatMap(([path, means]) => {
    const name = names.get(path);
    if (name === undefined) throw new ModelError('E_WEIGHTS', `writeImatrix: expected a matrix of the model but found ${path}.`);
    const count = tokens.get(path) ?? 1;
    const bytes = (numbers: Float32Array): Uint8Array => new Uint8Array(numbers.buffer);
    return [
      [`${name}.in_sum2`, { type: 'F32', shape: [1, means.length], data: bytes(means.map((mean) => mean * count)) }] as const,
      [`${name}.counts`, { type: 'F32', shape: [1, 1], data: bytes(Float32Array.of(count)) }] as const,
    ];
  }).sort(([a], [b]) => (a < b ? -1 : 1));
  return writeGguf({
    'general.type': 'imatrix', 'imatrix.datasets': { type: 'array', of: 'string', value: datasets },
    'imatrix.chunk_count': { type: 'u32', value: chunks }, 'imatrix.chunk_size': { type: 'u32', value: chunkSize },
  }, tensors);
}

/**
 * An importance matrix that `llama-imatrix` wrote, in today's GGUF form or the older binary one, or `writeImatrix`. Matrices that the model has not
 * are passed over.
 *
 * @throws GgufError for a damaged file, E_VALUE for numbers that are not finite; ModelError E_WEIGHTS where no matrix of it fits the model.
 */
export function readImatrix(bytes: Uint8Array, { model }: Pick<ImatrixOptions, 'model'>): Importance {
  const isGguf = bytes.length >= 4 && new TextDecoder('latin1').decode(bytes.subarray(0, 4)) === 'GGUF';
  const found = isGguf ? fromGguf(bytes) : fromDat(bytes);
  const paths = new Map([...namesOf(model)].map(([path, name]) => [name, path]));
  const values = new Map<string, Float32Array>();
  const tokens = new Map<string, number>();
  for (const [name, { means, count }] of found) {
    const path = paths.get(name);
    if (path === undefined) continue;
    if (!means.every((mean) => Number.isFinite(mean) && mean >= 0)) throw new GgufError('E_VALUE', `readImatrix: expected finite numbers from 0 on but found others for ${name}. Measure it again.`);
    values.set(path, means);
    tokens.set(path, count);
  }
  if (values.size === 0) throw new ModelError('E_WEIGHTS', `readImatrix: expected matrices of the model but found ${found.size === 0 ? 'none' : `${[...found.keys()].slice(0, 3).join(', ')}, which it has not`}. Measure it on this model.`);
  return { values, tokens };
}

interface Found { readonly means: Float32Array; readonly count: number }

function fromGguf(bytes: Uint8Array): Map<string, Found> {
  const { metadata, tensors } = readGguf(bytes);
  if (metadata.get('general.type') !== 'imatrix') throw new GgufError('E_VALUE', 'readImatrix: expected general.type imatrix but found another file. Give what llama-imatrix wrote.');
  const floats = (name: string): Float32Array | undefined => {
    const found = tensors.get(name);
    return found?.type === 'F32' ? toFloat32({ dtype: 'F32', shape: found.shape, data: found.data }) : undefined;
  };
  const found = new Map<string, Found>();
  for (const name of tensors.keys()) {
    if (!name.endsWith('.in_sum2')) continue;
    const stem = name.slice(0, -'.in_sum2'.length);
    const [sums, counts] = [floats(name), floats(`${stem}.counts`)];
    // A matrix of experts has several rows, which no architecture here has.
    if (sums === undefined || counts?.length !== 1) continue;
    const count = counts[0]!;
    found.set(stem, { means: sums.map((sum) => (count > 0 ? sum / count : 1)), count });
  }
  return found;
}

/** Entries of name, number of calls and sums, as llama.cpp wrote them before the GGUF form. */
function fromDat(bytes: Uint8Array): Map<string, Found> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const need = (size: number): number => {
    if (size < 0 || size > bytes.length - at) throw new GgufError('E_TRUNCATED', `readImatrix: expected ${size} more bytes at ${at} but found ${bytes.length - at}. The file is cut or no importance matrix.`);
    at += size;
    return at - size;
  };
  const i32 = (): number => view.getInt32(need(4), true);
  const entries = i32();
  if (entries < 1 || entries > bytes.length / 12) throw new GgufError('E_COUNT', `readImatrix: expected entries that fit into the file but found ${entries}. The file is damaged or no importance matrix.`);
  const found = new Map<string, Found>();
  for (let i = 0; i < entries; i++) {
    const length = i32();
    const begin = need(length);
    const name = new TextDecoder('latin1').decode(bytes.slice(begin, begin + length));
    const calls = i32();
    const count = i32();
    if (count < 1 || count > bytes.length / 4) throw new GgufError('E_COUNT', `readImatrix: expected values that fit into the file but found ${count} for ${JSON.stringify(name.slice(0, 40))}. The file is damaged.`);
    const from = need(4 * count);
    found.set(name, { means: Float32Array.from({ length: count }, (_, j) => view.getFloat32(from + 4 * j, true) / Math.max(1, calls)), count: Math.max(1, calls) });
  }
  return found;
}
