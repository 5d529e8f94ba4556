import { UsageError } from '../cli/cli-error.ts';
import { count, digits, table } from '../cli/format.ts';
import { printable } from '../cli/io.ts';
import type { DecidedData, NamedRule } from './decided.ts';
import { keptUnder, meets, sampled } from './rule-sample.ts';

export interface DryRun {
  readonly moved: readonly { readonly filter: string; readonly reason: string; readonly comparison: string; readonly from: number; readonly to: number }[];
  readonly documents: number;
  readonly kept: { readonly before: number; readonly after: number };
  /** In the order of the data. */
  readonly newlyKept: readonly { readonly id: string; readonly reason: string; readonly measured: number }[];
  readonly newlyDropped: readonly { readonly id: string; readonly reason: string; readonly measured: number }[];
}

/** `gopher_short_doc=40`, or with the filter before it where two have a reason of that name: `gopherQuality/gopher_short_doc=40`. */
export function movedRules(rules: readonly NamedRule[], moves: readonly string[]): NamedRule[] {
  const moved = [...rules];
  for (const move of moves) {
    const at = move.lastIndexOf('=');
    const [name, value] = [move.slice(0, Math.max(0, at)), Number(move.slice(at + 1))];
    if (at < 1 || move.slice(at + 1).trim() === '' || !Number.isFinite(value)) throw new UsageError(`llm data report: expected --dry-run RULE=VALUE but found ${move}. Write gopher_short_doc=40.`);
    const fits = rules.flatMap((rule, i) => (rule.reason === name || `${rule.filter}/${rule.reason}` === name ? [i] : []));
    if (fits.length !== 1) throw new UsageError(`llm data report: expected one rule called ${name} but found ${fits.length === 0 ? `none among ${rules.map(({ reason }) => reason).join(', ')}` : fits.map((i) => `${rules[i]!.filter}/${name}`).join(' and ')}. Name one of those.`);
    const rule = rules[fits[0]!]!;
    if (!rule.measured) throw new UsageError(`llm data report: expected a rule whose number is known of every document but found ${name}, which tells it only of those it drops. Move another threshold; of a folder, make it with llm data --measure.`);
    moved[fits[0]!] = { ...rule, threshold: value };
  }
  return moved;
}

/** Which documents other thresholds would keep or drop. What deduplication would then do is not known: what it dropped stays dropped. */
export async function dryRun(data: DecidedData, moves: readonly string[]): Promise<DryRun> {
  const moved = movedRules(data.rules, moves);
  const rules = data.rules.filter(({ measured }) => measured);
  const others = moved.filter(({ measured }) => measured);
  const [newlyKept, newlyDropped]: [DryRun['newlyKept'][number][], DryRun['newlyDropped'][number][]] = [[], []];
  let [documents, before, after] = [0, 0, 0];
  for await (const decided of data.decisions()) {
    const document = sampled(decided, rules);
    const keeps = keptUnder(document, others);
    documents++;
    if (decided.kept) before++;
    if (keeps) after++;
    if (keeps && !decided.kept) newlyKept.push({ id: decided.id, reason: decided.reason ?? '', measured: decided.measured ?? Number.NaN });
    if (!keeps && decided.kept) {
      const i = others.findIndex((rule, n) => !meets(document.values[n]!, rule));
      newlyDropped.push({ id: decided.id, reason: others[i]?.reason ?? '', measured: document.values[i] ?? Number.NaN });
    }
  }
  const changes = moved.flatMap((rule, i) => (rule === data.rules[i] ? [] : [{ filter: rule.filter, reason: rule.reason, comparison: rule.comparison, from: data.rules[i]!.threshold, to: rule.threshold }]));
  return { moved: changes, documents, kept: { before, after }, newlyKept, newlyDropped };
}

const SHOWN = 20;

/** For the terminal. */
export function dryRunText({ moved, documents, kept, newlyKept, newlyDropped }: DryRun): string {
  const list = (title: string, changed: DryRun['newlyKept']): string[] => (changed.length === 0 ? [] : [
    '', title, table(['id', 'rule', 'measured'], changed.slice(0, SHOWN).map(({ id, reason, measured }) => [printable(id), reason, digits(measured)])),
    ...(changed.length > SHOWN ? [`and ${count(changed.length - SHOWN)} more (--json has all)`] : []),
  ]);
  return [
    table(['rule', 'needed', 'would be'], moved.map(({ reason, comparison, from, to }) => [reason, `${comparison === 'min' ? '≥' : '≤'} ${from}`, `${comparison === 'min' ? '≥' : '≤'} ${to}`])), '',
    `${count(kept.before)} of ${count(documents)} documents are kept; ${count(kept.after)} would be: ${count(newlyKept.length)} more, ${count(newlyDropped.length)} fewer`,
    ...list('would be kept, dropped before because of', newlyKept), ...list('would be dropped because of', newlyDropped),
  ].join('\n');
}
