/** One field of the uniform struct of a program of tfjs's WebGPU backend. */
export interface UniformField {
  readonly type: 'float32' | 'int32' | 'uint32';
  readonly data: readonly number[];
}

/** Where a field of so many components begins: WGSL's alignment of a scalar, a pair, and anything longer. */
const alignmentOf = (components: number): number => (components === 1 ? 4 : components === 2 ? 8 : 16);

/**
 * The bytes of the struct as WGSL lays it out. A field without components stands as one 1; fields of five and six components
 * are structs of their own, so that what follows them begins at a multiple of 16.
 */
export function packUniforms(fields: readonly UniformField[]): ArrayBuffer {
  const placed: { readonly at: number; readonly type: UniformField['type']; readonly data: readonly number[] }[] = [];
  let at = 0;
  let most = 1;
  let previous = 0;
  for (const { type, data: given } of fields) {
    const data = given.length === 0 ? [1] : given;
    if (data.length > 6) throw new RangeError(`webgpu backend: expected at most six dimensions but found ${data.length}. Reshape the tensor, or use the device wasm.`);
    const alignment = previous > 4 ? 16 : alignmentOf(data.length);
    most = Math.max(most, alignment);
    at = Math.ceil(at / alignment) * alignment;
    placed.push({ at, type, data });
    at += 4 * data.length;
    previous = data.length;
  }
  const bytes = new ArrayBuffer(Math.ceil(at / most) * most);
  const view = new DataView(bytes);
  for (const field of placed) {
    field.data.forEach((value, i) => {
      if (field.type === 'float32') view.setFloat32(field.at + 4 * i, value, true);
      else if (field.type === 'int32') view.setInt32(field.at + 4 * i, value, true);
      else view.setUint32(field.at + 4 * i, value, true);
    });
  }
  return bytes;
}
