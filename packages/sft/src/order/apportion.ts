/** Whole numbers in proportion to the shares that add up to `total`: rounded down, and the rest to the largest remainders. */
export function apportion(shares: readonly number[], total: number): number[] {
  const sum = shares.reduce((all, share) => all + share, 0);
  const exact = shares.map((share) => (share / sum) * total);
  const counts = exact.map(Math.floor);
  const rest = Math.round(total - counts.reduce((all, count) => all + count, 0));
  const order = exact.map((_, i) => i).sort((a, b) => (exact[b]! - counts[b]!) - (exact[a]! - counts[a]!) || a - b);
  for (const i of order.slice(0, rest)) counts[i]!++;
  return counts;
}
