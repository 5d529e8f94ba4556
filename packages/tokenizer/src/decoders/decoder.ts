/** Turns the texts of tokens into those that are put together to a text; how many there are may change. */
export type Decoder = (tokens: readonly string[]) => readonly string[];

/** One decoder after the other. */
export function inSequence(steps: readonly Decoder[]): Decoder {
  return (tokens) => steps.reduce((texts, step) => step(texts), tokens);
}

/** All texts as one. */
export const fuse: Decoder = (tokens) => [tokens.join('')];
