/**
 * The value of a plain number: whole, decimal, with a power of ten, a fraction of two, a mixed number or a percentage; undefined for
 * anything else. Takes what `normalizeAnswer` gives.
 */
export function plainNumber(text: string): number | undefined {
  if (text.endsWith('%')) {
    const share = plainNumber(text.slice(0, -1));
    return share === undefined ? undefined : share / 100;
  }
  const sign = text.startsWith('-') ? -1 : 1;
  const rest = text.replace(/^[+-]/, '');
  const decimal = '(\\d+(?:\\.\\d*)?|\\.\\d+)';
  const match = (pattern: string): number[] | undefined => rest.match(new RegExp(`^${pattern}$`))?.slice(1).map(Number);
  const [value] = match(decimal) ?? [];
  if (value !== undefined) return sign * value;
  const scientific = match(`${decimal}(?:[eE]|(?:\\\\times|\\*)10\\^)\\{?(-?\\d+)\\}?`);
  if (scientific !== undefined) return sign * Number(`${scientific[0]}e${scientific[1]}`);
  const fraction = match(`${decimal}\\/${decimal}`) ?? match(`\\\\frac\\{${decimal}\\}\\{${decimal}\\}`);
  if (fraction !== undefined) return sign * fraction[0]! / fraction[1]!;
  const mixed = match('(\\d+)\\\\frac\\{(\\d+)\\}\\{(\\d+)\\}');
  return mixed === undefined ? undefined : sign * (mixed[0]! + mixed[1]! / mixed[2]!);
}
