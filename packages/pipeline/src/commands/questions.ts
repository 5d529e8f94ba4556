import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { documentationFiles } from '@llm/data-quality/node';
import { z } from 'zod';
import { CliError } from '../cli/cli-error.ts';
import { command, type Command, integer, text } from '../cli/command.ts';
import { count } from '../cli/format.ts';
import { shownPath } from '../cli/shown-path.ts';
import { type ApiPair, apiPairs } from '../corpus/api-pairs.ts';
import { apiQuestions } from '../corpus/api-questions.ts';
import { findModules } from '../corpus/read-corpus.ts';
import { replaceText } from '../run/replace-text.ts';

/** Too few declarations to hold some out teach nothing that could be measured. */
export const FEWEST_DECLARATIONS = 800;

/** The documented declarations of the installed packages. */
export async function installedDeclarations(cwd: string): Promise<ApiPair[]> {
  const pairs: ApiPair[] = [];
  for await (const path of documentationFiles(findModules(cwd), { endings: ['.d.ts'] })) pairs.push(...apiPairs(await readFile(path, 'utf8')));
  return pairs;
}

const TASK = 'declarations';
const TASK_YAML = `task: ${TASK}
test_split: test
output_type: generate_until
doc_to_text: question
doc_to_target: answer
generation_kwargs: { until: ["\\n\\n"], max_gen_toks: 48, do_sample: false }
metric_list: [{ metric: exact_match, aggregation: mean, higher_is_better: true }]
`;

/** Writes records to teach a small model with. */
export const questions: Command = command({
  name: 'questions',
  description: 'Make records for sft, dpo and grpo from the documented declarations of the installed packages: data to try the stages with',
  args: {
    out: { type: 'string', valueHint: 'folder', description: 'Where to write', default: 'questions' },
    seed: { type: 'string', valueHint: 'number', description: 'The same seed gives the same records', default: '0' },
  },
  schema: z.object({ out: text('a folder'), seed: integer(0, 2 ** 32 - 1), json: z.boolean().default(false) }),
  async run({ out, seed, json }, io) {
    const pairs = await installedDeclarations(io.cwd);
    if (pairs.length < FEWEST_DECLARATIONS) throw new CliError('E_EMPTY', `llm questions: expected ${FEWEST_DECLARATIONS} documented declarations or more under node_modules but found ${pairs.length}. Install packages with types, or bring records of your own.`);
    const made = apiQuestions(pairs, { seed });
    const folder = resolve(io.cwd, out);
    await mkdir(folder, { recursive: true });
    for (const [file, records] of Object.entries(made)) await replaceText(join(folder, `${file}.jsonl`), (records as readonly unknown[]).map((record) => `${JSON.stringify(record)}\n`).join(''));
    // The same questions as a task, which any model can be asked by llm eval.
    await mkdir(join(folder, 'tasks', TASK), { recursive: true });
    await replaceText(join(folder, 'tasks', `${TASK}.yaml`), TASK_YAML);
    await replaceText(join(folder, 'tasks', TASK, 'test.jsonl'), made.heldInstructions.map(({ messages: [{ content: question }, { content: answer }] }) => `${JSON.stringify({ question, answer })}\n`).join(''));
    const counts = Object.fromEntries(Object.entries(made).map(([file, records]) => [file, (records as readonly unknown[]).length]));
    if (json) io.out(`${JSON.stringify({ type: 'result', declarations: pairs.length, ...counts, out: folder })}\n`);
    else io.out(`${Object.entries(counts).map(([file, number]) => `${shownPath(join(folder, `${file}.jsonl`), io.cwd)}: ${count(number)} records`).join('\n')}\n`);
    return 0;
  },
});
