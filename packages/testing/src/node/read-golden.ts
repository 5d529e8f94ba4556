import { readFileSync } from 'node:fs';

/** A stored tensor: float32, or int32 where the file says so. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

/**
 * Every float32 and int32 tensor of a safetensors file by name, for packages below the one that reads the format in earnest:
 * it trusts the file.
 *
 * Throws RangeError where a tensor has another dtype.
 *
 * @example
 * ```ts no-run
 * import { readGolden } from '@llm/testing/node';
 * const { shape, values } = readGolden(new URL('rope.safetensors', import.meta.url)).get('half.q')!;
 * console.log(shape, values[0]);
 * ```
 */
export function readGolden(path: string | URL): Map<string, GoldenTensor> {
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const { __metadata__: _, ...header } = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;
  return new Map(Object.entries(header).map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
    if (dtype !== 'F32' && dtype !== 'I32') throw new RangeError(`readGolden: expected F32 or I32 but found ${dtype} in ${name} of ${String(path)}. Read it with readSafetensors.`);
    const { buffer } = Uint8Array.from(bytes.subarray(start + from, start + to));
    return [name, { shape, values: dtype === 'I32' ? new Int32Array(buffer) : new Float32Array(buffer) }];
  }));
}
