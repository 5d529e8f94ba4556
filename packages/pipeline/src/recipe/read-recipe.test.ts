import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { command, integer, number } from '../cli/command.ts';
import { memoryIo } from '../fixtures/tiny-run.ts';
import { readRecipe } from './read-recipe.ts';

let cwd: string;
beforeEach(() => { cwd = mkdtempSync(join(tmpdir(), 'recipe-')); });
afterEach(() => { rmSync(cwd, { recursive: true, force: true }); });

const write = (text: string): string => {
  writeFileSync(join(cwd, 'r.yaml'), text);
  return 'r.yaml';
};

test('a recipe is its stage, its values and where they stand', () => {
  const recipe = readRecipe(write('stage: sft\nlr: 1e-4\ndata: [a.jsonl, b.jsonl]\n'), cwd);
  expect(recipe).toMatchObject({ stage: 'sft', values: { lr: 1e-4, data: ['a.jsonl', 'b.jsonl'] } });
  expect(recipe.at('lr')).toBe('r.yaml:2:5');
});

test.each([
  ['lr: 1\nlr: 2\nstage: sft\n', 'expected YAML at r.yaml:2:1 but found a mistake: '],
  ['stage: sft\n  lr: 1\n', 'r.yaml:1:8'],
  ['stage: sft\na: &a [1]\nb: [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n', 'plain data'],
  ['- 1\n', 'to hold keys and values'],
  ['', 'but found nothing'],
  ['lr: 1\n', 'expected "stage:"'],
  ['stage: sft\nlr: !!js/function "x"\n', 'r.yaml:2:5'],
])('%j is refused with its place', (text, found) => {
  expect(() => readRecipe(write(text), cwd)).toThrow(found);
});

test('a file that is not there, and a folder', () => {
  expect(() => readRecipe('none.yaml', cwd)).toThrow('nothing that can be read');
  expect(() => readRecipe('.', cwd)).toThrow('a folder');
});

test('a key like __proto__ changes nothing else', () => {
  const { values } = readRecipe(write('stage: sft\n__proto__: { polluted: 1 }\n'), cwd);
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  expect(Object.keys(values)).toEqual(['__proto__']);
});

const verb = command({
  name: 'sft', description: 'x', recipe: true, lists: ['data'],
  args: {
    steps: { type: 'string', description: 's', default: '10' }, lr: { type: 'string', description: 'l' },
    data: { type: 'string', description: 'd' }, packed: { type: 'boolean', description: 'p' },
  },
  schema: z.object({ steps: integer(1), lr: number('a rate above 0', { min: 1e-9 }).optional(), data: z.array(z.string()).optional(), packed: z.boolean().default(false), json: z.boolean().default(false) }),
  run: async (options, io) => { io.out(JSON.stringify(options)); return 0; },
});
const ran = async (...argv: string[]): Promise<Record<string, unknown>> => {
  const io = memoryIo(cwd);
  await verb.run(argv, io);
  return JSON.parse(io.written.out) as Record<string, unknown>;
};

test('defaults, then the recipe, then what is typed', async () => {
  write('stage: sft\nsteps: 5\nlr: 0.5\ndata: one.jsonl\npacked: true\n');
  expect(await ran()).toEqual({ steps: 10, packed: false, json: false });
  expect(await ran('r.yaml')).toEqual({ steps: 5, lr: 0.5, data: ['one.jsonl'], packed: true, json: false });
  expect(await ran('r.yaml', '--steps', '7', '--data', 'two', '--no-packed')).toEqual({ steps: 7, lr: 0.5, data: ['two'], packed: false, json: false });
});

test.each([
  ['stage: dpo\n', 'expected a recipe for sft but found one for dpo'],
  ['stage: sft\nstpes: 5\n', 'at r.yaml:2:8 but found stpes. Did you mean steps?'],
  ['stage: sft\nlr: "1e-4"\n', 'expected lr at r.yaml:2:5 to be a number but found the text "1e-4". Take the quotes away.'],
  ['stage: sft\npacked: yes\n', 'packed at r.yaml:2:9'],
  ['stage: sft\nsteps: 0\n', 'expected steps at r.yaml:2:8 to be a whole number from 1 on but found 0'],
])('%j is refused by key and place', async (text, message) => {
  write(text);
  await expect(ran('r.yaml')).rejects.toThrow(message);
});
