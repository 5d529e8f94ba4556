const DOCUMENTS = 2 ** 16;
const BRANCHES = 2 ** 15;

/**
 * The number of a segment for rows in which documents branch, such as [prompt | chosen | rejected]: queries of a branch see the
 * trunk of their document and their own branch, and those of the trunk, branch 0, the trunk alone.
 *
 *   segment = branch · 2¹⁶ + document
 *
 * Positions should go on from the trunk in every branch. An attention window measures distances in the row, so that it would reach
 * less of the trunk the later a branch stands.
 *
 * @throws RangeError unless 0 ≤ document < 65,536 and 0 ≤ branch < 32,768, both whole.
 *
 * @example
 * ```ts
 * import { attention, branchSegment, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * // A prompt of one token, and two answers of one token each. All scores are equal, so each answer gets a mean.
 * const segments = tensor([[branchSegment(0, 0), branchSegment(0, 1), branchSegment(0, 2)]], [1, 3], 'int32');
 * const same = tensor([0, 0, 0], [1, 3, 1, 1]);
 * const values = attention(same, same, tensor([2, 4, 8], [1, 3, 1, 1]), { segments }).dataSync();
 * if (values.join() !== '2,3,5') throw new Error('an answer sees the prompt and itself');
 * ```
 */
export function branchSegment(document: number, branch: number): number {
  if (!Number.isInteger(document) || document < 0 || document >= DOCUMENTS) {
    throw new RangeError(`branchSegment: expected a document from 0 to ${DOCUMENTS - 1} but found ${document}. Number the documents of each row from 0 on.`);
  }
  if (!Number.isInteger(branch) || branch < 0 || branch >= BRANCHES) {
    throw new RangeError(`branchSegment: expected a branch from 0, the trunk, to ${BRANCHES - 1} but found ${branch}. Use more documents.`);
  }
  return branch * DOCUMENTS + document;
}
