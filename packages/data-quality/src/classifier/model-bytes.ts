import { DataError } from '../data-error.ts';
import { type LinearTextModel, MAX_WEIGHTS } from './linear-text-model.ts';

interface Head { readonly kind: 'classes' | 'number'; readonly labels: readonly string[] }

const MAGIC = 0x54584c4c;
const VERSION = 1;

/**
 * A model as bytes, little-endian: 32-bit magic, version, length of the head in bytes, number of outputs, and for each output the
 * number of its weights that are not 0; the head as JSON; then for each output its bias, the numbers of those weights, and the weights.
 */
export function encodeModel({ bits, ngrams, bias, weights }: LinearTextModel, head: Head): Uint8Array {
  const rows = Array.from(bias, (_, k) => {
    const row = weights.subarray(k << bits, (k + 1) << bits);
    const ids = Uint32Array.from(row.keys()).filter((id) => row[id] !== 0);
    return { ids, values: Float32Array.from(ids, (id) => row[id]!) };
  });
  const json = new TextEncoder().encode(JSON.stringify({ ...head, bits, ngrams }));
  // JSON may end in spaces: what follows begins at a multiple of 4.
  const padded = new Uint8Array(Math.ceil(json.length / 4) * 4).fill(0x20);
  padded.set(json);
  const bytes = new Uint8Array(16 + 4 * rows.length + padded.length + rows.reduce((sum, { ids }) => sum + 4 + 8 * ids.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  const put = (value: number): void => { view.setUint32(at, value, true); at += 4; };
  const putFloat = (value: number): void => { view.setFloat32(at, value, true); at += 4; };
  for (const value of [MAGIC, VERSION, padded.length, rows.length, ...rows.map(({ ids }) => ids.length)]) put(value);
  bytes.set(padded, at);
  at += padded.length;
  rows.forEach(({ ids, values }, k) => {
    putFloat(bias[k]!);
    ids.forEach(put);
    values.forEach(putFloat);
  });
  return bytes;
}

/** What `encodeModel` wrote. Throws DataError E_CLASSIFIER for anything else. */
export function decodeModel(bytes: Uint8Array, kind: Head['kind']): { readonly model: LinearTextModel; readonly head: Head } {
  const refuse = (found: string): never => { throw new DataError('E_CLASSIFIER', { problem: `readText${kind === 'classes' ? 'Classifier' : 'Rater'}: expected what encode() of one wrote but found ${found}`, remedy: 'Check the file, or train again.' }); };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (): number => {
    if (at + 4 > bytes.length) refuse(`an end after ${bytes.length} bytes`);
    at += 4;
    return view.getUint32(at - 4, true);
  };
  const takeFloat = (): number => { take(); return view.getFloat32(at - 4, true); };
  if (take() !== MAGIC) refuse('another kind of file');
  const version = take();
  if (version !== VERSION) refuse(`version ${version}, where ${VERSION} is known`);
  const headLength = take();
  const outputCount = take();
  if (outputCount > bytes.length / 4) refuse(`${outputCount} outputs in ${bytes.length} bytes`);
  const counts = Array.from({ length: outputCount }, take);
  if (at + headLength > bytes.length) refuse(`an end after ${bytes.length} bytes`);
  let head: Head & { readonly bits: number; readonly ngrams: number };
  try {
    head = (JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(at, at + headLength))) ?? {}) as typeof head;
  } catch {
    return refuse('a head that is no JSON');
  }
  at += headLength;
  const { bits, ngrams, labels } = head;
  if (head.kind !== kind) refuse(`one for ${String(head.kind)}`);
  const sound = Number.isInteger(bits) && bits >= 8 && bits <= 24 && Number.isInteger(ngrams) && ngrams >= 1 && Array.isArray(labels) && labels.every((label) => typeof label === 'string') && outputCount === (kind === 'number' ? 1 : labels.length);
  if (!sound) refuse('a head that does not fit');
  // A file of some bytes must not ask for gigabytes.
  if (outputCount * 2 ** bits > MAX_WEIGHTS) refuse(`${outputCount} outputs of 2^${bits} weights`);
  if (bytes.length !== at + counts.reduce((sum, count) => sum + 4 + 8 * count, 0)) refuse(`${bytes.length} bytes, too few or too many`);
  const model: LinearTextModel = { bits, ngrams, bias: new Float32Array(outputCount), weights: new Float32Array(outputCount << bits) };
  counts.forEach((count, k) => {
    model.bias[k] = takeFloat();
    const ids = Array.from({ length: count }, take);
    if (ids.some((id) => id >= 2 ** bits)) refuse('a weight out of range');
    for (const id of ids) model.weights[(k << bits) + id] = takeFloat();
  });
  return { model, head };
}
