import { philox, type Philox } from '@llm/kernels';

/** A 32-bit hash of a name (FNV-1a). */
export function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Random numbers on the host, a function of seed and name alone. */
export function hostRandom(seed: number, name: string): Philox {
  return philox(seed, hashOf(name));
}
