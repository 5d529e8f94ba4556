import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Document, gunzip, type LedgerReport, readJsonl, readLines, type Rule } from '@llm/data-quality';
import { z } from 'zod';
import { CliError } from '../cli/cli-error.ts';
import type { Decided, DecidedData, DropBeginning, NamedRule } from './decided.ts';

const FILE = z.object({ name: z.string().regex(/^(decisions\/)?[\w.-]+$/) });
const RULE = z.object({ reason: z.string(), threshold: z.number(), comparison: z.enum(['min', 'max']) });
const MANIFEST = z.object({
  format: z.literal(1), version: z.string(), recipe: z.object({ name: z.string(), options: z.object({ recipe: z.string() }).optional().catch(undefined), steps: z.array(z.object({ name: z.string(), rules: z.array(RULE).optional() })) }),
  files: z.array(FILE), decisions: z.array(FILE),
});
const MEASURES = z.record(z.string(), z.record(z.string(), z.number().nullable()));
const DECISION = z.object({
  id: z.string(), kept: z.boolean(), filter: z.string().optional(), reason: z.string().optional(), measured: z.number().nullish(), threshold: z.number().optional(), comparison: z.enum(['min', 'max']).optional(), measures: MEASURES.optional(),
});
const EXAMPLES = z.array(z.object({ id: z.string(), reason: z.string(), measured: z.number().nullable(), text: z.string() }));

/** Whether a folder is what `llm data --out` leaves; one that it has not finished is refused, or its decisions would be read as text. */
export function isRunFolder(path: string): boolean {
  const [finished, begun] = [existsSync(join(path, 'manifest.json')) && existsSync(join(path, 'ledger.json')), existsSync(join(path, 'run', 'plan.json'))];
  if (begun && !finished) throw new CliError('E_DATA_RUN', `llm data: expected a folder that llm data --out has finished but found one under way in ${path}. Run the same llm data again to go on.`);
  return finished && existsSync(join(path, 'decisions'));
}

const wrong = (path: string, found: string): CliError => new CliError('E_DATA_RUN', `llm data: expected what llm data --out writes in ${path} but found ${found}. Run llm data again with the same --out.`);

async function json<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw Object.assign(wrong(path, 'no JSON'), { cause });
  }
  const { data, error } = schema.safeParse(parsed);
  if (error) throw wrong(path, `${error.issues[0]?.message} at ${error.issues[0]?.path.join('.')}`);
  return data as T;
}

const bytesOf = (path: string): AsyncIterable<Uint8Array> => (path.endsWith('.gz') ? gunzip(createReadStream(path)) : createReadStream(path));

/** JSON has no NaN: a number that is not there was not measured. */
const number = (value: number | null | undefined): number => value ?? Number.NaN;

function toDecided(line: string, place: string): Decided {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw wrong(place, 'no JSON');
  }
  const { data, error } = DECISION.safeParse(parsed);
  if (error) throw wrong(place, `${error.issues[0]?.message} at ${error.issues[0]?.path.join('.')}`);
  const measures = Object.fromEntries(Object.entries(data.measures ?? {}).map(([filter, values]) => [filter, Object.fromEntries(Object.entries(values).map(([reason, value]) => [reason, number(value)]))]));
  return { ...data, measured: data.measured === undefined ? undefined : number(data.measured), measures };
}

/** A folder of `llm data --out`: its decisions, and the documents that were kept. */
export async function readRunFolder(folder: string): Promise<DecidedData> {
  const manifest = await json(join(folder, 'manifest.json'), MANIFEST);
  const ledger = (await json(join(folder, 'ledger.json'), z.looseObject({ in: z.looseObject({}), out: z.looseObject({}), dropped: z.array(z.looseObject({})), skipped: z.array(z.looseObject({})) }))) as unknown as LedgerReport;
  const examples = existsSync(join(folder, 'examples.json')) ? await json(join(folder, 'examples.json'), EXAMPLES) : [];
  async function* decisions(): AsyncGenerator<Decided> {
    for (const { name } of manifest.decisions) {
      let line = 0;
      for await (const text of readLines(bytesOf(join(folder, name)), { source: name })) {
        line++;
        if (text !== '') yield toDecided(text, `${name}, line ${line}`);
      }
    }
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
      for (const { name } of manifest.files) yield* keptIn(join(folder, name), name);
    },
    ledger: () => ledger,
    examples: examples.map((each): DropBeginning => ({ ...each, measured: number(each.measured) })),
  };
}

/** `readJsonl` names the file as the source of a document and puts other fields into its meta; here both stand in the line. */
async function* keptIn(path: string, name: string): AsyncGenerator<Document> {
  for await (const { id, text, meta = {} } of readJsonl(bytesOf(path), { source: name, allowEmpty: true })) {
    const { source, meta: inner } = meta;
    yield { id, text, ...(typeof source === 'string' ? { source } : {}), ...(typeof inner === 'object' && inner !== null ? { meta: inner as Record<string, unknown> } : {}) };
  }
}
