import { makeReady } from './make-ready.ts';
import type { DoneStep } from './done-step.ts';
import type { CheckedLifecycle } from './check-lifecycle.ts';
import { readStep, type StepOutcome } from './step-record.ts';

/** Steps of a life that are done and would be kept: those whose own flags and inputs, and whose forebears', have not changed. */
export async function doneBefore(lifecycle: CheckedLifecycle, { root, cwd, device }: { root: string; cwd: string; device: string | undefined }): Promise<Map<string, StepOutcome>> {
  const results = new Map<string, DoneStep>();
  for (const id of lifecycle.order) {
    if (!lifecycle.dependencies[id]!.steps.every((each) => results.has(each))) continue;
    const ready = await makeReady(id, { lifecycle, root, cwd, device, round: 1, tries: {}, results, previous: new Map() });
    const record = await readStep(root, ready.folderName);
    if (record?.state === 'done' && record.hash === ready.hash) results.set(id, { id, round: 1, record, kept: true, verdicts: [], path: ready.output.path, folder: ready.output.folder });
  }
  return new Map([...results].map(([id, { record }]) => [id, record.result!]));
}
