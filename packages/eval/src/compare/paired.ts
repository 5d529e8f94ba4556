/** Refuses lists that are not of the same documents. */
export function checkPaired(before: readonly unknown[], after: readonly unknown[], name: string): void {
  if (before.length !== after.length || before.length < 2) {
    throw new RangeError(`${name}: expected scores of the same two or more documents but found ${before.length} and ${after.length}. Score both checkpoints on the same ones, in the same order.`);
  }
}
