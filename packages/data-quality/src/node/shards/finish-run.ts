import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../data-error.ts';
import { createLedger, type LedgerReport } from '../../ledger.ts';
import type { DropExample } from '../../shards/decision.ts';
import { writeWhole } from './atomic-file.ts';
import type { RecipeRecord, ShardPlan } from './plan-shards.ts';
import { hashJson, passName, readDone, runFolder, type TaskFile } from './run-folder.ts';

/** What a run made, in `manifest.json`; it is written last. */
export interface RunManifest {
  readonly format: 1;
  /** Hash of the recipe and of all files. */
  readonly version: string;
  readonly recipe: RecipeRecord;
  /** Whether decisions tell what all rules measured. */
  readonly measured: boolean;
  readonly inputs: { readonly files: number; readonly bytes: number };
  readonly documents: { readonly in: number; readonly out: number };
  /** Of the text that was kept, in UTF-8. */
  readonly bytes: number;
  readonly files: readonly TaskFile[];
  readonly decisions: readonly TaskFile[];
}

const MAX_EXAMPLES = 5;

/** Merges what all tasks counted, writes ledger, examples and manifest, and removes results of an earlier plan. */
export async function finishRun({ out, plan, passes }: { out: string; plan: ShardPlan; passes: number }): Promise<{ manifest: RunManifest; ledger: LedgerReport; examples: readonly DropExample[] }> {
  const folder = runFolder(out);
  const ledger = createLedger();
  ledger.merge({ ...createLedger().toJSON(), skipped: plan.skipped });
  const examples: DropExample[] = [];
  const files: TaskFile[] = [];
  const decisions: TaskFile[] = [];
  for (let pass = 0; pass < passes; pass++) {
    for (const { index } of plan.tasks) {
      const done = await readDone(folder, passName(pass, index));
      if (!done?.ledger) throw new Error(`runShards: expected ${passName(pass, index)} to be done but found that it is not. Run again.`);
      ledger.merge(done.ledger);
      for (const example of done.examples ?? []) if (examples.filter(({ reason }) => reason === example.reason).length < MAX_EXAMPLES) examples.push(example);
      if (pass < passes - 1) continue;
      if (done.files['data']) files.push(done.files['data']);
      if (done.files['decisions']) decisions.push(done.files['decisions']);
    }
  }
  const report = ledger.toJSON();
  const { recipe, measured, inputs } = plan;
  if (report.in.documents === 0) throw new DataError('E_EMPTY', { problem: `runShards: expected at least one document but found none in ${inputs.files} files`, remedy: 'Check the paths and the field of the text.' });
  const manifest: RunManifest = {
    format: 1, version: hashJson([recipe, measured, files, decisions]), recipe, measured, inputs, documents: { in: report.in.documents, out: report.out.documents }, bytes: report.out.bytes, files, decisions,
  };
  const wanted = new Set([...files, ...decisions].map(({ name }) => name));
  for (const [below, mine] of [['', /^data-\d{5,}\.jsonl(?:\.gz)?$/], ['decisions/', /^\d{5,}\.jsonl(?:\.gz)?$/]] as const) {
    for (const name of await readdir(join(out, below)).catch(() => [])) if (mine.test(name) && !wanted.has(`${below}${name}`)) await rm(join(out, below, name), { force: true });
  }
  await writeWhole(join(out, 'ledger.json'), `${JSON.stringify(report, undefined, 2)}\n`, folder);
  await writeWhole(join(out, 'examples.json'), `${JSON.stringify(examples, undefined, 2)}\n`, folder);
  await writeWhole(join(out, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`, folder);
  return { manifest, ledger: report, examples };
}
