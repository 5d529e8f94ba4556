import { count, digits } from '../cli/format.ts';

const STEPS = [1, 2, 5] as const;
const BAR = 40;
const QUANTILES = [0.1, 0.5, 0.9, 0.99] as const;

/** The number below which a share of sorted numbers lies, between neighbours in a line. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const [a, b] = [sorted[low]!, sorted[Math.min(low + 1, sorted.length - 1)]!];
  return a === b ? a : a + (at - low) * (b - a);
}

/** Numbers in bins with edges at 1, 2, 5, 10, 20, …, a bar for each, and their quantiles; `mark` is shown where it lies. */
export function spreadText(values: readonly number[], { mark }: { readonly mark?: number | undefined } = {}): string {
  const finite = Float64Array.from(values.filter((value) => Number.isFinite(value))).sort();
  if (finite.length === 0) return 'nothing to show';
  const bins = new Map<number, number>();
  for (const value of finite) {
    const bin = binOf(value);
    bins.set(bin, (bins.get(bin) ?? 0) + 1);
  }
  const [first, last] = [Math.min(...bins.keys()), Math.max(...bins.keys())];
  const most = Math.max(...bins.values());
  const rows = Array.from({ length: last - first + 1 }, (_, i) => {
    const bin = first + i;
    const size = bins.get(bin) ?? 0;
    return { range: bin < 0 ? 'below 1' : `${digits(edgeOf(bin))} – ${digits(edgeOf(bin + 1))}`, size: count(size), bar: '█'.repeat(Math.ceil(BAR * size / most)), marked: mark !== undefined && binOf(mark) === bin };
  });
  const widths = [Math.max(...rows.map(({ range }) => range.length)), Math.max(...rows.map(({ size }) => size.length))] as const;
  return `${rows.map(({ range, size, bar, marked }) => `${range.padStart(widths[0])}  ${size.padStart(widths[1])}  ${bar}${marked ? ` ← ${digits(mark!)}` : ''}`.trimEnd()).join('\n')}\n${QUANTILES.map((share) => `${100 * share} % below ${digits(quantile(finite, share))}`).join(', ')}`;
}

const edgeOf = (bin: number): number => STEPS[bin % 3]! * 10 ** Math.floor(bin / 3);

function binOf(value: number): number {
  if (value < 1) return -1;
  const decade = Math.floor(Math.log10(value) + 1e-12);
  const lead = value / 10 ** decade;
  return 3 * decade + (lead >= 5 ? 2 : lead >= 2 ? 1 : 0);
}
