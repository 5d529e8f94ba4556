import { keep, type Rotation, type Tensor } from '@llm/tensor';

/** Tables by position that are made once, and again only when more positions ask for them. */
export interface Keeper<T> {
  upTo(positions: number): T;
}

/**
 * Keeps what `make(positions)` gives, growing by doubling up to `most`. Smaller tables stay, since a backward pass may still
 * hold them; by the doubling all of them together are smaller than the last.
 */
export function keeper<T extends Rotation>(make: (positions: number) => T, most: number): Keeper<T> {
  let kept: { positions: number; tables: T } | undefined;
  return {
    upTo(positions) {
      if (positions > most) {
        throw new RangeError(`rotation: expected at most ${most} positions but found ${positions}. Shorten the text or use a model with a longer context.`);
      }
      if (kept === undefined || kept.positions < positions || kept.tables.cos.isDisposed) {
        const size = Math.min(most, Math.max(positions, 2 * (kept?.positions ?? 64)));
        const tables = make(size);
        for (const table of [tables.cos, tables.sin] as Tensor[]) keep(table);
        kept = { positions: size, tables };
      }
      return kept.tables;
    },
  };
}
