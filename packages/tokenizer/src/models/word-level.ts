import { noUnknown, type TokenModel } from './model.ts';

/** A token for each piece as a whole. */
export function wordLevel(ids: ReadonlyMap<string, number>, { unknown }: { unknown: number | undefined }): TokenModel {
  return (piece) => ({ ids: [ids.get(piece) ?? unknown ?? noUnknown(piece)], at: [0, piece.length] });
}
