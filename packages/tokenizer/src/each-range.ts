/** Goes through ranges of code points, `[start, end)` each, as `unicode-ranges.ts` and `reference-ranges.ts` hold them. */
export function eachRange(ranges: string, each: (start: number, end: number) => void): void {
  const numbers = ranges.split(' ').map((word) => parseInt(word, 36));
  let end = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    const start = end + numbers[i]!;
    end = start + numbers[i + 1]!;
    each(start, end);
  }
}
