import { mkdirSync, writeFileSync } from 'node:fs';
import { createTask, evaluate, taskLibrary } from '@llm/eval';
import { readDocuments, readTaskDocuments, readTaskFiles, writeResults } from '@llm/eval/node';
import { expect } from '../expect.mjs';

mkdirSync('eval-data/sums', { recursive: true });
writeFileSync('eval-data/sums/test.jsonl', '{"a":1}\n{"a":2}\n');
writeFileSync('eval-data/sums.yaml', 'task: sums\ntest_split: test\ndoc_to_text: "{{a}}="\ndoc_to_target: "{{a}}"\nmetric_list: [{metric: exact_match}]\n');
expect((await readDocuments('eval-data/sums/test.jsonl')).length === 2, 'two documents');
const { tasks } = taskLibrary(await readTaskFiles('eval-data')).select(['sums']);
const task = createTask(tasks[0], { splits: await readTaskDocuments('eval-data', { task: 'sums', splits: ['test'] }) });
const two = { name: 'two', loglikelihood: async () => [], loglikelihoodRolling: async () => [], generateUntil: async (requests) => requests.map(() => '2') };
const written = await writeResults('eval-out', await evaluate(two, [task], { bootstrapIters: 10 }));
expect(written.length === 2, `results and samples but found ${written}`);
