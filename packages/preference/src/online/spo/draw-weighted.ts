/**
 * Draws `count` different places, likelier ones first in proportion to their weights, without replacement.
 *
 * `uniform` gives the next number in [0, 1), so that the draw is a function of its seed.
 *
 * @throws RangeError for more places than have a weight above 0.
 */
export function drawWeighted(weights: ArrayLike<number>, { count, uniform }: { count: number; uniform: () => number }): number[] {
  const left = Float64Array.from(weights);
  const possible = left.filter((weight) => weight > 0).length;
  if (!(count >= 0 && count <= possible)) throw new RangeError(`drawWeighted: expected a count of at most ${possible}, the weights above 0, but found ${count}`);
  return Array.from({ length: count }, () => {
    const total = left.reduce((sum, weight) => sum + weight, 0);
    let rest = uniform() * total;
    let place = left.findIndex((weight) => weight > 0 && (rest -= weight) < 0);
    // Rounding may leave nothing: the last that can be drawn stands for it.
    if (place < 0) place = left.findLastIndex((weight) => weight > 0);
    left[place] = 0;
    return place;
  });
}
