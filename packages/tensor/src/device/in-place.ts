import { copy, writeRows as writeRowsKernel } from '@llm/kernels';
import { engine, type Tensor, tensor as makeTensor } from '@tensorflow/tfjs-core';
import { addressOf } from './address.ts';
import { dataOf, ownBackend } from './own-backend.ts';
import { wasmBackend, webgpuBackend } from './use-device.ts';

/**
 * The values of a tensor as they lie in the memory of the wasm or cpu device, to be changed in place; take it anew after every
 * allocation. On a graphics card they cannot be reached: TypeError.
 */
export function valuesInPlace(tensor: Tensor): Float32Array | Int32Array {
  if (tensor.dtype !== 'float32' && tensor.dtype !== 'int32') {
    throw new TypeError(`valuesInPlace: expected a float32 or int32 tensor but found ${tensor.dtype}`);
  }
  if (webgpuBackend() !== undefined) throw new TypeError('valuesInPlace: expected values in the memory of this process but found them on the graphics card. Use `await tensor.data()` and `overwrite`.');
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
  const backend = ownBackend();
  if (backend === undefined) valuesInPlace(target).set('dataId' in values ? valuesInPlace(values) : values);
  else if ('dataId' in values) backend.launch(copy, { at: { x: dataOf(values), y: dataOf(target) }, dims: { size: target.size }, uniforms: {} });
  else backend.overwrite(dataOf(target), values);
}

/**
 * Writes source [batch, count, …] into target [batch, capacity, …] in place, row b from position `offsets[b]` on, as a cache
 * of keys and values needs it. Offsets may be an int32 tensor [batch]: on a graphics card, and where they are recorded, they are not
 * known here, and rows that would lie outside of the capacity are left out.
 */
export function writeRows(target: Tensor, source: Tensor, offsets: ArrayLike<number> | Tensor): void {
  const [batch = 0, capacity = 0] = target.shape;
  const count = source.shape[1] ?? 0;
  const width = target.size / Math.max(1, batch * capacity);
  if (source.dtype !== target.dtype || source.shape[0] !== batch || source.size !== batch * count * width) {
    throw new RangeError(`writeRows: expected source [${batch}, count, …] of rows like target [${target.shape.join(', ')}] but found [${source.shape.join(', ')}]`);
  }
  const given = 'dataId' in offsets ? offsets : undefined;
  if (given !== undefined && (given.dtype !== 'int32' || given.size !== batch)) {
    throw new RangeError(`writeRows: expected int32 offsets [${batch}] but found ${given.dtype} [${given.shape.join(', ')}]`);
  }
  const unknown = given !== undefined && (webgpuBackend() !== undefined || (wasmBackend()?.device.recording ?? false));
  const positions = unknown ? [] : 'dataId' in offsets ? valuesInPlace(offsets) : offsets;
  for (let row = 0; row < (unknown ? 0 : batch); row++) {
    const offset = positions[row] ?? NaN;
    if (!Number.isInteger(offset) || offset < 0 || offset + count > capacity) throw new RangeError(`writeRows: expected positions within ${capacity} but found ${offset} + ${count}`);
  }
  const backend = ownBackend();
  if (backend !== undefined) {
    // A recording knows an array that it was given by its identity, so none is made where there is one.
    const at = given ?? makeTensor(positions instanceof Int32Array ? positions : Int32Array.from(positions), [batch], 'int32');
    backend.launch(writeRowsKernel, { at: { target: dataOf(target), source: dataOf(source), offsets: dataOf(at) }, dims: { batch, count, capacity, width }, uniforms: {} });
    if (given === undefined) at.dispose();
    return;
  }
  const from = valuesInPlace(source);
  const to = valuesInPlace(target);
  for (let row = 0; row < batch; row++) {
    const offset = positions[row]!;
    to.set(from.subarray(row * count * width, (row + 1) * count * width), (row * capacity + offset) * width);
  }
}
