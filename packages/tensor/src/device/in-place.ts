import { engine, type Tensor } from '@tensorflow/tfjs-core';
import { addressOf } from './address.ts';
import { wasmBackend } from './use-device.ts';

/** The values of a tensor as they lie on the device, to be changed in place; take it anew after every allocation. */
export function valuesInPlace(tensor: Tensor): Float32Array | Int32Array {
  if (tensor.dtype !== 'float32' && tensor.dtype !== 'int32') {
    throw new TypeError(`valuesInPlace: expected a float32 or int32 tensor but found ${tensor.dtype}`);
  }
  const backend = wasmBackend();
  if (backend !== undefined) {
    const address = addressOf(tensor);
    return tensor.dtype === 'int32' ? backend.device.i32(address, tensor.size) : backend.device.f32(address, tensor.size);
  }
  const held = engine().backend as unknown as { data: { get(id: object): { values: Float32Array | Int32Array } } };
  return held.data.get(tensor.dataId).values;
}

/** Replaces the values of a tensor in place: every tensor that shares them sees the change. */
export function overwrite(target: Tensor, values: ArrayLike<number> | Tensor): void {
  const length = 'dataId' in values ? values.size : values.length;
  if (length !== target.size) throw new RangeError(`overwrite: expected ${target.size} values but found ${length}`);
  const source = 'dataId' in values ? valuesInPlace(values) : values;
  valuesInPlace(target).set(source);
}

/**
 * Writes source [batch, count, …] into target [batch, capacity, …] in place, row b from position `offsets[b]` on, as a cache
 * of keys and values needs it.
 */
export function writeRows(target: Tensor, source: Tensor, offsets: ArrayLike<number>): void {
  const [batch = 0, capacity = 0] = target.shape;
  const count = source.shape[1] ?? 0;
  const width = target.size / Math.max(1, batch * capacity);
  if (source.dtype !== target.dtype || source.shape[0] !== batch || source.size !== batch * count * width) {
    throw new RangeError(`writeRows: expected source [${batch}, count, …] of rows like target [${target.shape.join(', ')}] but found [${source.shape.join(', ')}]`);
  }
  const from = valuesInPlace(source);
  const to = valuesInPlace(target);
  for (let row = 0; row < batch; row++) {
    const offset = offsets[row] ?? NaN;
    if (!Number.isInteger(offset) || offset < 0 || offset + count > capacity) throw new RangeError(`writeRows: expected positions within ${capacity} but found ${offset} + ${count}`);
    to.set(from.subarray(row * count * width, (row + 1) * count * width), (row * capacity + offset) * width);
  }
}
