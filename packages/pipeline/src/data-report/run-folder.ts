import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Document, LedgerReport, Rule } from '@llm/data-quality';
import { readJsonRecords } from '@llm/data-quality/node';
import { z } from 'zod';
import { CliError } from '../cli/cli-error.ts';
import type { Decided, DecidedData, DropBeginning, NamedRule } from './decided.ts';

const FILE = z.object({ name: z.string().regex(/^(decisions\/)?[\w.-]+$/) });
const RULE = z.object({ reason: z.string(), threshold: z.number(), comparison: z.enum(['min', 'max']) });
const MANIFEST = z.object({
  format: z.literal(1), version: z.string(), recipe: z.object({ name: z.string(), options: z.object({ recipe: z.string() }).optional().catch(undefined), steps: z.array(z.object({ name: z.string(), rules: z.array(RULE).optional() })) }),
  files: z.array(FILE), decisions: z.array(FILE),
});
/** JSON has no NaN: a number that is not there was not measured. */
const number = (value: number | null | undefined): number => value ?? Number.NaN;
const NUMBER = z.number().nullable().transform(number);
const AMOUNT = z.object({ documents: z.number(), characters: z.number(), bytes: z.number() });
const MEASURED = z.object({ min: NUMBER, max: NUMBER, mean: NUMBER, sum: NUMBER, bins: z.array(z.object({ from: NUMBER, to: NUMBER, count: z.number() })) });
const LEDGER: z.ZodType<LedgerReport> = z.object({
  in: AMOUNT, out: AMOUNT,
  dropped: z.array(AMOUNT.extend({ filter: z.string(), reason: z.string(), comparison: z.enum(['min', 'max']), threshold: NUMBER, measured: MEASURED, examples: z.array(z.string()) })),
  skipped: z.array(z.object({ reason: z.string(), count: z.number(), examples: z.array(z.string()) })),
});
const KEPT = z.object({ id: z.string(), text: z.string(), source: z.string().optional(), meta: z.record(z.string(), z.unknown()).optional() });
const MEASURES = z.record(z.string(), z.record(z.string(), z.number().nullable()));
const DECISION = z.object({
  id: z.string(), kept: z.boolean(), filter: z.string().optional(), reason: z.string().optional(), measured: z.number().nullish(), threshold: z.number().optional(), comparison: z.enum(['min', 'max']).optional(), measures: MEASURES.optional(),
});
const EXAMPLES = z.array(z.object({ id: z.string(), reason: z.string(), measured: z.number().nullable(), text: z.string() }));

const wrong = (path: string, found: string): CliError => new CliError('E_DATA_RUN', `llm data: expected what llm data --out writes in ${path} but found ${found}. Run llm data again with the same --out.`);

/** Whether a folder is what `llm data --out` leaves; one that it has not finished is refused, or its decisions would be read as text. */
export function isRunFolder(path: string): boolean {
  const [finished, begun] = [existsSync(join(path, 'manifest.json')) && existsSync(join(path, 'ledger.json')), existsSync(join(path, 'run', 'plan.json'))];
  if (begun && !finished) throw new CliError('E_DATA_RUN', `llm data: expected a folder that llm data --out has finished but found one under way in ${path}. Run the same llm data again to go on.`);
  if (finished && !existsSync(join(path, 'decisions'))) throw wrong(path, 'no folder of decisions');
  return finished;
}

const faultOf = ({ issues: [issue] }: z.ZodError): string => `${issue?.message} at ${issue?.path.join('.')}`;

async function json<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw Object.assign(wrong(path, 'no JSON'), { cause });
  }
  const { data, error } = schema.safeParse(parsed);
  if (error) throw wrong(path, faultOf(error));
  return data as T;
}

/** The lines of a file of the folder, as the schema has them. */
async function* linesOf<T>(folder: string, { name, schema }: { name: string; schema: z.ZodType<T> }): AsyncGenerator<T> {
  for await (const record of readJsonRecords(join(folder, name))) {
    const place = `${name}, line ${record.line}`;
    if (record.error !== undefined && record.error.code !== 'E_JSON') throw record.error;
    if (record.error !== undefined) throw Object.assign(wrong(place, 'no JSON'), { cause: record.error });
    const { data, error } = schema.safeParse(record.value);
    if (error) throw wrong(place, faultOf(error));
    yield data as T;
  }
}

function toDecided({ measured, measures = {}, ...decision }: z.output<typeof DECISION>): Decided {
  const numbers = (values: Readonly<Record<string, number | null>>): Record<string, number> => Object.fromEntries(Object.entries(values).map(([reason, value]) => [reason, number(value)]));
  return { ...decision, measured: measured === undefined ? undefined : number(measured), measures: Object.fromEntries(Object.entries(measures).map(([filter, values]) => [filter, numbers(values)])) };
}

/** A folder of `llm data --out`: its decisions, and the documents that were kept. */
export async function readRunFolder(folder: string): Promise<DecidedData> {
  const manifest = await json(join(folder, 'manifest.json'), MANIFEST);
  const ledger = await json(join(folder, 'ledger.json'), LEDGER);
  const examples = existsSync(join(folder, 'examples.json')) ? await json(join(folder, 'examples.json'), EXAMPLES) : [];
  async function* decisions(): AsyncGenerator<Decided> {
    for (const { name } of manifest.decisions) for await (const decision of linesOf(folder, { name, schema: DECISION })) yield toDecided(decision);
  }
  // Every decision tells what all filters measured that can, so the first one tells which can.
  const measuring = new Set<string>();
  for await (const { measures } of decisions()) {
    for (const name of Object.keys(measures)) measuring.add(name);
    break;
  }
  const rules = manifest.recipe.steps.flatMap(({ name, rules: of = [] }) => of.map((rule: Rule): NamedRule => ({ ...rule, filter: name, measured: measuring.has(name) })));
  return {
    title: basename(folder),
    // A recipe of ours goes by the name that was typed.
    description: `${manifest.recipe.options?.recipe ?? manifest.recipe.name}; version ${manifest.version.slice(0, 12)}`,
    rules,
    decisions,
    async *kept() {
      for (const { name } of manifest.files) yield* linesOf<Document>(folder, { name, schema: KEPT as z.ZodType<Document> });
    },
    ledger: () => ledger,
    examples: examples.map((each): DropBeginning => ({ ...each, measured: number(each.measured) })),
  };
}
