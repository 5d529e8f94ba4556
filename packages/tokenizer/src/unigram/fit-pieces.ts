import { logOf } from './exp-log.ts';
import { latticeOf, type Pieces } from './lattice.ts';
import { expectations } from './paths.ts';

/** Pieces that are expected less often are left out. */
const LEAST_EXPECTED = 0.5;

/** One step of expectation and maximization, with a prior that favours few pieces. `pause` is awaited where it gives a promise. */
export async function fitPieces(pieces: Pieces, words: ReadonlyMap<string, number>, pause: () => Promise<void> | undefined): Promise<[string, number][]> {
  const lattice = latticeOf(pieces);
  const expected = new Float64Array(pieces.length);
  const add = expectations(expected);
  for (const [word, count] of words) {
    add(lattice(word), count);
    const pausing = pause();
    if (pausing) await pausing;
  }
  const kept: [string, number][] = [];
  let sum = 0;
  pieces.forEach(([piece], id) => {
    if (id === 0 || expected[id]! < LEAST_EXPECTED) return;
    kept.push([piece, expected[id]!]);
    sum += expected[id]!;
  });
  const logSum = digamma(sum);
  return [[pieces[0]![0], NaN], ...kept.map(([piece, count]): [string, number] => [piece, digamma(count) - logSum])];
}

/** The derivative of ln Γ, for x > 0. */
function digamma(value: number): number {
  let result = 0;
  let x = value;
  for (; x < 7; x++) result -= 1 / x;
  x -= 0.5;
  const square = (1 / x) * (1 / x);
  const fourth = square * square;
  return result + (logOf(x) + (1 / 24) * square - (7 / 960) * fourth + (31 / 8064) * fourth * square - (127 / 30_720) * fourth * fourth);
}
