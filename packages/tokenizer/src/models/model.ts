/** The tokens of a piece, and the units of it that each covers. */
export interface Tokens {
  readonly ids: readonly number[];
  /** From, to, from, to, … */
  readonly at: readonly number[];
}

/** Cuts a piece of text into tokens of a vocabulary. */
export type TokenModel = (piece: string) => Tokens;

/** Pieces that are remembered, at most, and their length. */
const MOST = 65_536;
const LONGEST = 64;

/** A model that remembers short pieces: natural text repeats itself. */
export function remembering(model: TokenModel): TokenModel {
  const known = new Map<string, Tokens>();
  return (piece) => {
    if (piece.length > LONGEST) return model(piece);
    let found = known.get(piece);
    if (found === undefined) {
      if (known.size === MOST) known.clear();
      known.set(piece, found = model(piece));
    }
    return found;
  };
}

/** The error for a text that the vocabulary does not cover, where it has no token for what is unknown. */
export function noUnknown(piece: string): never {
  throw new RangeError(`encode: expected a text that the vocabulary covers but found ${JSON.stringify(piece.slice(0, 40))}, and the tokenizer has no token for what is unknown. Add its unk_token to the vocabulary.`);
}
