import { bytes, count, digits, duration, short, table } from '../cli/format.ts';
import type { PlannedStep } from './plan.ts';
import { ARTICLE, type Saving, together } from './savings.ts';
import { type Cost, flopsText, kwhText, moneyText, sumOf } from './step-cost.ts';

/** What a plan says of each step, for people. */
export function planText(planned: readonly PlannedStep[]): string {
  const costs = planned.flatMap(({ plan }) => plan?.cost ?? []);
  const withMoney = costs.some(({ money }) => money !== undefined);
  const withEnergy = costs.some(({ kwh }) => kwh !== undefined);
  const costCells = (cost: Cost | undefined): string[] => [flopsText(cost?.flops), ...(withEnergy ? [kwhText(cost?.kwh)] : []), ...(withMoney ? [moneyText(cost?.money)] : [])];
  const header = ['step', 'command', 'parameters', 'steps', 'tokens', 'memory', 'time', 'by', 'work', ...(withEnergy ? ['energy'] : []), ...(withMoney ? ['money'] : [])];
  const rows = planned.map(({ id, run, plan, done }) => (plan === undefined
    ? [id, run, '', '', '', '', done === undefined ? '' : duration(done.seconds), done === undefined ? 'found out by running it' : 'done, unchanged', ...costCells(done)]
    : [id, run, short(plan.parameters), count(plan.work.steps), short(plan.tokens), plan.memory === undefined ? '?' : bytes(plan.memory.peak), duration(plan.cost.seconds), plan.how, ...costCells(plan.cost)]));
  const total = sumOf(costs);
  return table(header, costs.length < 2 ? rows : [...rows, ['to do', '', '', '', '', '', duration(total.seconds), '', ...costCells(total)]]);
}

const PARTS = [
  ['parameters', 'parameters'], ['optimizer', 'state of the optimizer'], ['gradients', 'gradients'], ['accumulated', 'gradients of earlier micro-batches'], ['activations', 'activations kept for the backward pass'],
  ['embedded', 'embeddings'], ['recomputed', 'one layer run again'], ['layerWorkspace', 'inside a layer on the way back'], ['finalStates', 'states at the end'], ['headGradient', 'gradient of the head'], ['headWorkspace', 'a chunk of logits'],
] as const;

/** The memory of a step by its parts, the largest of which are not all in use at once. */
export function memoryText({ id, plan }: PlannedStep): string | undefined {
  if (plan?.memory === undefined) return undefined;
  const { memory } = plan;
  const rows = PARTS.filter(([part]) => memory[part] > 0).map(([part, says]) => [says, bytes(memory[part])]);
  return `Memory of ${id}, at most ${bytes(memory.peak)} at once:\n${table(['part', 'size'], rows)}`;
}

/** What savings would give, beside the article's factors. */
export function savingsText(step: string, savings: readonly Saving[]): string {
  const rows = savings.map(({ name, of, factor, how, says }) => [name, of, String(ARTICLE[of]), factor === undefined ? '–' : digits(factor), factor === undefined ? '' : how, says]);
  const article = Object.values(ARTICLE).reduce((a, b) => a * b, 1);
  return `What savings would leave of the time of ${step}:\n${table(['saving', 'of', 'article', 'here', '', ''], rows)}\nTogether, the best of each kind: ${digits(together(savings))} here, ${digits(article)} in the article.`;
}

/** Everything that was taken for granted. */
export function assumptionsText(planned: readonly PlannedStep[]): string {
  const lines = planned.flatMap(({ id, plan }) => (plan === undefined || plan.assumed.length === 0 ? [] : [`${id}: ${plan.assumed.join(', ')}`]));
  return lines.length === 0 ? '' : `Taken for granted: ${lines.join('; ')}.`;
}
