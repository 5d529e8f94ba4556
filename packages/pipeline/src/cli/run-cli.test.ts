import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../commands/index.ts';
import { memoryIo } from '../fixtures/tiny-run.ts';
import { editDistance, nearest } from './did-you-mean.ts';
import { runCli } from './run-cli.ts';
import { Stopped } from './stopped.ts';

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'llm-cli-')); });
afterAll(() => rmSync(folder, { recursive: true }));

async function llm(argv: string, options: Parameters<typeof memoryIo>[1] = {}): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo(folder, options);
  const code = await runCli(argv === '' ? [] : argv.split(' '), { commands, version: '1.2.3', io });
  return { code, ...io.written };
}

describe('usage', () => {
  test.each(commands.map(({ name, definition }) => [name, definition] as const))('llm %s --help names every flag and exits with 0', async (name, definition) => {
    const { code, out, err } = await llm(`${name} --help`);
    expect([code, err]).toEqual([0, '']);
    for (const [flag, { type, default: value }] of Object.entries(definition.args as Record<string, { type: string; default?: string }>)) {
      expect(out).toContain(type === 'positional' ? flag.toUpperCase() : `--${flag}`);
      if (typeof value === 'string') expect(out).toContain(`(Default: ${value})`);
    }
    // eslint-disable-next-line no-control-regex -- no colours where there is no terminal
    expect(out).not.toMatch(/\u001b/);
  });

  test.each([
    ['', 2, 'COMMANDS', ''],
    ['--help', 0, 'COMMANDS', ''],
    ['--version', 0, '1.2.3', ''],
    ['quikstart', 2, '', 'Did you mean llm quickstart?'],
    ['tokenizer', 2, '', 'expected llm tokenizer train or llm tokenizer report but found nothing after it'],
    ['tokenizer trian', 2, '', 'Did you mean llm tokenizer train?'],
    ['quickstart --minuts 3', 2, '', 'E_USAGE: llm quickstart: expected a known flag but found --minuts. Did you mean --minutes? See llm quickstart --help.'],
    ['quickstart --minutes', 2, '', 'expected a value after --minutes but found nothing'],
    ['quickstart --minutes --fresh', 2, '', 'expected a value after --minutes but found --fresh'],
    ['quickstart --minutes soon', 2, '', 'expected --minutes to be a number of minutes above 0 but found "soon"'],
    ['quickstart --minutes -1', 2, '', 'expected --minutes to be a number of minutes above 0 but found "-1"'],
    ['quickstart --filters gofer', 2, '', 'expected --filters to be one of documentation, gopher, none but found "gofer"'],
    ['quickstart --name ../x', 2, '', 'expected --name to be a name of letters'],
    ['pretrain', 2, '', 'expected --data with files or folders of text but found nothing'],
    ['pretrain --data x --lr 0', 2, '', 'expected --lr to be a number above 0'],
    ['pretrain --data x --lr 1e9', 2, '', 'expected --lr to be a number above 0'],
    ['pretrain --data x --accumulate 0', 2, '', 'expected --accumulate to be a whole number from 1 on but found "0"'],
    ['pretrain --data x --config huge', 2, '', 'expected --config to be one of nano, tiny, small, medium'],
    ['pretrain --resume --fresh', 2, '', ''],
    ['generate', 2, '', 'expected RUN to be the folder of a run or of a model but found nothing'],
    ['generate a b', 2, '', 'expected no more than RUN but found b'],
    ['generate a --temperature NaN', 2, '', 'expected --temperature to be a number from 0 to 10'],
    ['devices x', 2, '', 'expected flags only but found x'],
    ['doctor --batch 0', 2, '', 'expected --batch to be a whole number from 1 to 4096 but found "0"'],
    ...['pretrain --data x', 'quickstart', 'generate x', 'chat x', 'eval x --data x'].map((argv): [string, number, string, string] => [`${argv} --device gpu`, 2, '', 'expected --device to be one of auto, webgpu, wasm, cpu but found "gpu"']),
    ['data', 2, '', 'expected PATHS to be one path or more but found nothing'],
  ])('llm %s', async (argv, expected, out, err) => {
    const found = await llm(argv);
    expect(found.code).toBe(expected);
    expect(found.out).toContain(out);
    expect(found.err).toContain(err);
    expect(found.err).not.toContain('    at ');
  });

  test('near names are found, far ones are not', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('stpes', 'steps')).toBe(1);
    expect(nearest('stpes', ['steps', 'seed'])).toBe('steps');
    expect(nearest('check', ['checkpointed'])).toBe('checkpointed');
    expect(nearest('xyzzy', ['steps', 'seed'])).toBeUndefined();
  });
});

describe('failures', () => {
  test.each([
    ['generate nowhere', 'E_NOT_FOUND'],
    ['inspect nowhere', 'E_NOT_FOUND'],
    ['eval nowhere --data x', 'E_NOT_FOUND'],
    ['pretrain --resume --name nothing', 'E_NO_RUN'],
    ['data missing.md', 'E_NOT_FOUND'],
    ['tokenizer train short.md', 'E_'],
    ['quickstart --data short.md', 'E_TOO_LITTLE_TEXT: llm: expected at least 4,000 characters'],
    ['inspect broken.safetensors', 'E_HEADER_TOO_SMALL'],
    ['inspect weights.pt', 'E_PICKLE'],
    ['inspect broken.json', 'E_JSON'],
  ])('llm %s: one line with a code, exit 1, no stack', async (argv, message) => {
    writeFileSync(join(folder, 'short.md'), 'Far too short.');
    writeFileSync(join(folder, 'broken.safetensors'), 'x');
    writeFileSync(join(folder, 'weights.pt'), 'x');
    writeFileSync(join(folder, 'broken.json'), '{');
    const { code, err } = await llm(argv);
    if (argv.startsWith('tokenizer')) return expect(code).toBe(0);
    expect(code).toBe(1);
    expect(err).toContain(`error: ${message}`);
    expect(err).not.toContain('    at ');
  });

  test('LLM_DEBUG=1 shows the stack', async () => {
    expect((await llm('generate nowhere', { env: { LLM_DEBUG: '1' } })).err).toContain('    at ');
  });

  test('a stop ends a command with 130 or 143 and says nothing', async () => {
    for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
      const controller = new AbortController();
      controller.abort(new Stopped(signal));
      expect(await llm('data short.md', { stop: controller.signal })).toMatchObject({ code, err: '' });
    }
  });

  test('text from data cannot steer the terminal', async () => {
    writeFileSync(join(folder, 'evil.md'), '\u001b[2J\u001b[31mred');
    const { out } = await llm('data evil.md');
    // eslint-disable-next-line no-control-regex -- the escape character must not come through
    expect(out).not.toMatch(/\u001b/);
  });
});
