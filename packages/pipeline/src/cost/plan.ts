import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TrainingMemory } from '@llm/model';
import { FILTER_SETS } from '../corpus/filters.ts';
import { readCorpus } from '../corpus/read-corpus.ts';
import { plainFlags } from '../lifecycle/plain-flags.ts';
import type { LifecycleRecipe } from '../lifecycle/recipe-shape.ts';
import { sizeOfPath, workOfStep } from '../lifecycle/work-of-step.ts';
import { type Saving, savingsOf } from './savings.ts';
import type { Estimate, StepTimer } from './speed.ts';
import { type Cost, costOf, type Prices } from './step-cost.ts';
import { memoryOf, modelOf, stepFlopsOf, tokensOf, type Work } from './work.ts';

/** What a step is going to take. */
export interface PlannedStep {
  readonly id: string;
  readonly run: string;
  /** Done already, with nothing changed since: what it took. */
  readonly done?: Cost;
  /** Undefined for what is found out by running it. */
  readonly plan?: {
    readonly work: Work;
    readonly parameters: number;
    readonly tokens: number;
    readonly memory: TrainingMemory | undefined;
    readonly cost: Cost;
    readonly how: Estimate['how'];
    readonly assumed: readonly string[];
  };
}

export interface PlanOptions {
  readonly cwd: string;
  readonly time: StepTimer;
  readonly prices: Prices;
  /** Steps that are done, and what they took. */
  readonly done: ReadonlyMap<string, { readonly seconds: number; readonly flops?: number | undefined }>;
}

/** What each step of a recipe is going to take: memory, operations, time and money. */
export async function planLife(recipe: LifecycleRecipe, order: readonly string[], { cwd, time, prices, done }: PlanOptions): Promise<PlannedStep[]> {
  const planned: PlannedStep[] = [];
  for (const id of order) {
    const { run } = recipe.steps[id]!;
    const there = done.get(id);
    if (there !== undefined) {
      planned.push({ id, run, done: costOf(there, prices) });
      continue;
    }
    const found = await workOfStep(id, recipe, cwd);
    if (found === undefined) {
      planned.push({ id, run });
      continue;
    }
    const { seconds: perStep, how } = await time(found.work);
    // Where the time decides, there are as many steps as fit into it.
    const steps = found.seconds === undefined ? found.work.steps : Math.max(1, Math.min(found.work.steps, Math.floor(found.seconds / perStep)));
    const work = { ...found.work, steps };
    planned.push({ id, run, plan: { work, parameters: sizeOf(work), tokens: tokensOf(work), memory: memoryOf(work), cost: costOf({ seconds: perStep * steps, flops: stepFlopsOf(work) * steps }, prices), how, assumed: found.assumed } });
  }
  return planned;
}

const sizeOf = ({ config }: Work): number => modelOf(config).parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

/** More text than this is not read for a plan. */
const MOST_BYTES = 64e6;

/** What the filters of a recipe keep of its text: of the first step that reads any; undefined where none does, or there is too much of it. */
export async function keptText(recipe: LifecycleRecipe, cwd: string): Promise<{ kept: number; read: number } | undefined> {
  for (const id of Object.keys(recipe.steps)) {
    const { run } = recipe.steps[id]!;
    if (run !== 'data' && run !== 'pretrain') continue;
    const flags = plainFlags(id, recipe);
    const paths = [flags[run === 'data' ? 'paths' : 'data'] ?? []].flat().map(String);
    if (paths.length === 0 || !paths.every((path) => existsSync(resolve(cwd, path))) || paths.reduce((sum, path) => sum + sizeOfPath(resolve(cwd, path)), 0) > MOST_BYTES) continue;
    // Filters are measured as they are recommended where a recipe takes none.
    const set = FILTER_SETS[String(flags.filters ?? 'documentation')] ?? FILTER_SETS.documentation!;
    const corpus = readCorpus({ paths, filters: set.name === 'none' ? FILTER_SETS.documentation! : set, cwd });
    for await (const _ of corpus.documents);
    const { in: read, out } = corpus.ledger.toJSON();
    if (read.bytes > 0) return { kept: out.bytes, read: read.bytes };
  }
  return undefined;
}

/** Savings of the dearest training that is still to be done. */
export async function dearestSavings(planned: readonly PlannedStep[], options: Parameters<typeof savingsOf>[1]): Promise<{ step: string; savings: Saving[] } | undefined> {
  const dearest = planned.filter(({ plan }) => plan !== undefined).toSorted((a, b) => b.plan!.cost.seconds - a.plan!.cost.seconds)[0];
  return dearest === undefined ? undefined : { step: dearest.id, savings: await savingsOf(dearest.plan!.work, options) };
}
