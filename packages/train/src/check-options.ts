/** Throws unless a decay rate of a moving average lies in [0, 1). */
export function checkBeta(name: string, option: string, beta: number): void {
  if (!(beta >= 0 && beta < 1)) throw new RangeError(`${name}: expected ${option} from 0 to below 1 but found ${beta}.`);
}

/** Throws unless the options are numbers from 0 on. */
export function checkNotNegative(name: string, options: Readonly<Record<string, number>>): void {
  for (const [option, value] of Object.entries(options)) {
    if (!(value >= 0 && value < Infinity)) throw new RangeError(`${name}: expected ${option} to be a number from 0 on but found ${value}.`);
  }
}
