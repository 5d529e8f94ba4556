/** Refuses a temperature that no logits can be divided by. */
export function checkTemperature(temperature: number, name: string): void {
  if (!(temperature > 0 && Number.isFinite(temperature))) throw new RangeError(`${name}: expected a temperature above 0 but found ${temperature}. 1 leaves the logits as they are.`);
}
