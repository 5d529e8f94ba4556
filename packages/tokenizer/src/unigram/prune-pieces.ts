import { logOf } from './exp-log.ts';
import { latticeOf, type Pieces } from './lattice.ts';
import { bestPath, twoBestPaths } from './paths.ts';

/**
 * Leaves out the pieces that are missed least: what the likelihood loses where each occurrence of a piece is written in its second best way.
 * Pieces that no other way is known for stay.
 */
export async function prunePieces(
  pieces: Pieces, words: ReadonlyMap<string, number>, { size, pause }: { size: number; pause: () => Promise<void> | undefined },
): Promise<[string, number][]> {
  const lattice = latticeOf(pieces);
  const stays: boolean[] = [];
  const otherwise: number[][] = [];
  for (let id = 0; id < pieces.length; id++) {
    const [first, second] = id === 0 ? [] : twoBestPaths(lattice(pieces[id]![0]));
    stays.push(id !== 0 && (second === undefined || first!.length < 2));
    otherwise.push(second !== undefined && first!.length === 1 ? second : []);
    const pausing = pause();
    if (pausing) await pausing;
  }
  const counts = new Float64Array(pieces.length);
  let all = 0;
  for (const [word, count] of words) {
    all += count;
    for (const id of bestPath(lattice(word))) counts[id]! += count;
    const pausing = pause();
    if (pausing) await pausing;
  }
  const sum = counts.reduce((total, count) => total + count, 0);
  const logSum = logOf(sum);
  const kept: [string, number][] = [[...pieces[0]!]];
  const losses: { id: number; loss: number }[] = [];
  pieces.forEach(([piece, score], id) => {
    const count = counts[id]!;
    if (id === 0 || (count === 0 && !stays[id])) return;
    const others = otherwise[id]!;
    if (others.length === 0) {
      kept.push([piece, score]);
      return;
    }
    if (count === 0) return;
    // The reference takes the number of pieces here, where the number of those that stand in is meant.
    const logSumOtherwise = logOf(sum + count * (pieces.length - 1));
    const logOtherwise = others.reduce((total, other) => total + (logOf(counts[other]! + count) - logSumOtherwise), 0);
    losses.push({ id, loss: (count / all) * (logOf(count) - logSum - logOtherwise) });
  });
  losses.sort((a, b) => b.loss - a.loss);
  for (const { id } of losses) {
    if (kept.length === size) break;
    kept.push([...pieces[id]!]);
  }
  return kept;
}
