/** The arguments of one instruction, by the names that IFEval's data gives them; what is null there counts as missing. */
export type InstructionArguments = Readonly<Record<string, unknown>>;

/** Whose language a text is in, as an ISO 639-1 code; undefined where it cannot be told, which counts as followed. */
export type LanguageOf = (text: string) => string | undefined;

export interface CheckContext {
  readonly language: LanguageOf;
}

/** Whether an answer does what an instruction asks. */
export type InstructionCheck = (answer: string, args: InstructionArguments, context: CheckContext) => boolean;

function missing(name: string, wanted: string, found: unknown): RangeError {
  return new RangeError(`ifeval: expected ${name} to be ${wanted} but found ${JSON.stringify(found)}. The reference draws a random one there; give it.`);
}

/** An argument that is a count. */
export function numberOf(args: InstructionArguments, name: string): number {
  const value = args[name] ?? undefined;
  if (typeof value !== 'number' || !(value >= 0)) throw missing(name, 'a number of at least 0', value);
  return value;
}

/** An argument that is a text. */
export function textOf(args: InstructionArguments, name: string): string {
  const value = args[name] ?? undefined;
  if (typeof value !== 'string' || value === '') throw missing(name, 'a text', value);
  return value;
}

/** An argument that is a list of texts. */
export function textsOf(args: InstructionArguments, name: string): readonly string[] {
  const value = args[name] ?? undefined;
  if (!Array.isArray(value) || value.length === 0 || value.some((one) => typeof one !== 'string')) throw missing(name, 'a list of texts', value);
  return value as string[];
}

/** A count held against `less than` or `at least` so many. */
export function compares(count: number, args: InstructionArguments, { most, relation }: { readonly most: string; readonly relation: string }): boolean {
  const wanted = textOf(args, relation);
  if (wanted !== 'less than' && wanted !== 'at least') throw missing(relation, "'less than' or 'at least'", wanted);
  const bound = numberOf(args, most);
  return wanted === 'less than' ? count < bound : count >= bound;
}
