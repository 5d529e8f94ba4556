/** Codes are packed eight to a word. */
const LANES = 8;

/**
 * The size of groups for a matrix of `inputs` columns where `asked` is wanted: `asked` itself, or where it does not divide the columns the
 * largest size below it that does, in whole words of eight; undefined where even eight do not divide them. −1 asks for whole rows.
 */
export function groupSizeFor(inputs: number, asked: number): number | undefined {
  if (asked !== -1 && (!Number.isInteger(asked) || asked < LANES)) {
    throw new RangeError(`groupSize: expected −1 for whole rows, or a whole number from ${LANES} on, but found ${asked}. 128 and 64 are usual.`);
  }
  const most = asked === -1 ? inputs : Math.min(asked, inputs);
  for (let size = most - (most % LANES); size > 0; size -= LANES) if (inputs % size === 0) return size;
  return undefined;
}
