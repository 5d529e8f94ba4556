import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runShards, type RunShardsOptions } from './run-shards.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pool-'));
  writeFileSync(join(folder, 'in.jsonl'), Array.from({ length: 60 }, (_, i) => `${JSON.stringify({ id: `d${i}`, text: `text number ${i}` })}\n`).join(''));
  writeFileSync(join(folder, 'recipe.mjs'), `
    import { existsSync } from 'node:fs';
    const ends = {
      kill: () => process.kill(process.pid, 'SIGKILL'),
      throw: () => { throw new Error('poison: expected none but found some. Take it out.'); },
      hog: () => { for (const all = []; ; ) all.push(Array.from({ length: 1e5 }, (_, i) => i + all.length / 7)); },
    };
    export const poisoned = ({ how, until }) => [async function* poisoned(documents) {
      for await (const document of documents) {
        if (document.id === 'd33' && !existsSync(until)) ends[how]();
        yield document;
      }
    }];`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (how: string, options: Partial<RunShardsOptions> = {}): ReturnType<typeof runShards> => runShards([join(folder, 'in.jsonl')], {
  out: join(folder, how), workers: 2, shardBytes: 300, recipe: { module: pathToFileURL(join(folder, 'recipe.mjs')).href, name: 'poisoned', options: { how, until: join(folder, `${how}.mended`) } }, ...options,
});

test.each([
  ['kill', 'E_WORKER', 'found it ended by SIGKILL'],
  ['throw', undefined, 'poison: expected none but found some'],
  ['hog', 'E_MEMORY', 'it ran out of memory. Raise maxHeapMib'],
] as const)('a worker that ends by %s fails its task and names the document; the others go on, and so does the next run', async (how, code, message) => {
  const { failed, result, tasksDone } = await run(how, { maxHeapMib: 64 });
  expect(result).toBeUndefined();
  expect(failed).toMatchObject([{ document: 'd33', error: expect.stringContaining(message) as string, ...(code ? { code } : {}) }]);
  expect(tasksDone).toBeGreaterThan(3);
  writeFileSync(join(folder, `${how}.mended`), '');
  const next = await run(how);
  expect([next.tasksSkipped, next.tasksDone, next.failed, next.result?.manifest.documents]).toEqual([tasksDone, 1, [], { in: 60, out: 60 }]);
  // What the dead worker had begun is swept away.
  expect(readdirSync(join(folder, how, 'run', 'tmp'))).toEqual([]);
});

test('a stop ends the workers, and what was done stays', async () => {
  writeFileSync(join(folder, 'stop.mended'), '');
  const controller = new AbortController();
  const stopped = run('stop', { signal: controller.signal, workers: 1, onProgress: ({ tasksDone }) => { if (tasksDone === 2) controller.abort(new Error('enough')); } });
  await expect(stopped).rejects.toThrow('enough');
  const { tasksSkipped, result } = await run('stop');
  expect(tasksSkipped).toBeGreaterThanOrEqual(2);
  expect(result?.manifest.documents).toEqual({ in: 60, out: 60 });
});
