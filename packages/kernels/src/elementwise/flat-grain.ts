/** Elements per chunk of a kernel over plain elements: 64 KiB, or a thousandth of the whole, always whole cache lines. */
export function flatGrain(size: number): number {
  return Math.max(16_384, Math.ceil(size / 1000 / 16) * 16);
}

/** Elements of a workgroup of such a kernel on a graphics card: four for each of its 256 invocations. */
export const FLAT = 1024;
