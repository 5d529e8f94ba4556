import type { PolicyBatch } from '../policy-batch.ts';

/** The advantage of each completion, which all of its tokens carry. */
export function ofCompletions({ advantages, tokenCounts }: PolicyBatch): Float32Array {
  let at = 0;
  return tokenCounts.map((length) => {
    const own = advantages[at]!;
    at += length;
    return own;
  });
}
