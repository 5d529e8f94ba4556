/** The nearest whole number, of two equally near ones the even one, as PyTorch, NumPy and the hardware round. */
export function roundEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
