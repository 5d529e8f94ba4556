export type CodeRange = readonly [first: number, last: number];

/** `'41-5a 5f'` as ranges of code points, both ends included. */
export function codeRanges(text: string): CodeRange[] {
  return text.split(' ').map((each) => {
    const [first = '', last = first] = each.split('-');
    return [parseInt(first, 16), parseInt(last, 16)];
  });
}
