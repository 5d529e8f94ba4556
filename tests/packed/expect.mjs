/** Throws unless `condition` holds. Consumers run in Node and in browsers, so they use nothing of either. */
export function expect(condition, message) {
  if (!condition) throw new Error(`expected ${message}`);
}
