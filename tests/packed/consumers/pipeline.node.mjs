import { readFile, writeFile } from 'node:fs/promises';
import { reportHtml } from '@llm/pipeline';
import { commands, openEventFile, runCli } from '@llm/pipeline/node';
import { expect } from '../expect.mjs';

/** Runs a command line and returns its exit code and what it printed. */
async function llm(...argv) {
  let text = '';
  const io = {
    out: (words) => { text += words; }, err: (words) => { text += words; }, isTTY: false, isInteractive: false, columns: () => 80, env: {}, cwd: process.cwd(),
    lines: async function* () {}, stop: new AbortController().signal,
  };
  return { code: await runCli(argv, { commands, version: '1.2.3', io }), text };
}
const succeeds = async (...argv) => {
  const { code, text } = await llm(...argv);
  expect(code === 0, `llm ${argv.join(' ')} to succeed but found ${code}: ${text}`);
  return text;
};

expect((await succeeds('--version')).trim() === '1.2.3', 'the version');
for (const { name } of commands) expect((await succeeds(...name.split(' '), '--help')).includes(name.split(' ')[0]), `help of ${name}`);
expect((await llm('nothing')).code !== 0, 'an unknown command to fail');
await succeeds('devices');

// A model trained for a moment, from text to a report.
const sentence = (i) => `Chapter ${i} tells how number ${i * 7 % 13} met number ${i * 5 % 11}, and that they went for a walk of ${i} miles.\n\n`;
for (let file = 0; file < 20; file++) await writeFile(`text-${file}.md`, Array.from({ length: 120 }, (_, i) => sentence(i * 20 + file)).join(''));
await succeeds('quickstart', '--data', ...Array.from({ length: 20 }, (_, i) => `text-${i}.md`), '--minutes', '0.02', '--filters', 'none', '--runs', 'runs', '--name', 'tiny');
expect((await succeeds('generate', 'runs/tiny', '--prompt', 'Chapter', '--max-tokens', '5')).length > 0, 'some text');
const json = async (path) => JSON.parse(await readFile(path, 'utf8'));
const lines = (await readFile('runs/tiny/metrics.jsonl', 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
const page = reportHtml({ record: await json('runs/tiny/run.json'), data: await json('runs/tiny/data/report.json'), lines });
expect(page.startsWith('<!doctype html>') && page.includes('tiny'), 'a report of the run');

// A life of two steps, its comparison and its card.
await writeFile('step.mjs', 'export default ({ flags }) => ({ loss: flags.loss });');
await writeFile('life.yaml', 'lifecycle: life\nsteps:\n  base: { run: ./step.mjs, with: { loss: 2 } }\n  next: { run: ./step.mjs, with: { loss: 1 }, needs: [base], gate: [{ metric: loss, below: 0, change_from: base }] }\n');
await succeeds('run', 'life.yaml');
expect((await succeeds('run', 'life.yaml')).includes('base: unchanged, kept.'), 'nothing to be done twice');
expect((await succeeds('compare', 'life', 'runs/tiny')).includes('Figures'), 'a comparison');
await succeeds('card', 'runs/tiny');
expect((await readFile('runs/tiny/README.md', 'utf8')).includes('## Limits'), 'a model card');

const events = openEventFile('events');
events.write({ wallTime: 0, step: 1, scalars: { loss: 2 } });
events.close();
