import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Io } from '../cli/io.ts';
import { runCli } from '../cli/run-cli.ts';
import { Stopped } from '../cli/stopped.ts';
import { dataProgress } from '../data/progress.ts';
import { rankOf } from '../data/rank.ts';
import { data } from './data.ts';
import { dataLaunch } from './data-launch.ts';

const WORDS = 'boat harbour wind lamp evening rope gull tide sail oar net shore wave deck mast anchor captain cabin storm island river bridge market street window garden winter summer morning stone field forest road village kitchen table letter story friend mother brother sister doctor teacher train station city mountain valley water bread silver copper paper music painter dancer soldier farmer winter shadow candle mirror'.split(' ');
/** Lines of prose that do not repeat themselves, the same for the same seed. */
function prose(seed: number): string {
  let state = seed;
  const word = (): string => WORDS[(state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % 65_521 % WORDS.length]!;
  return Array.from({ length: 12 }, () => `The ${word()} of ${word()} was in ${word()} that ${word()} and ${word()} have, as ${word()} to ${word()} with ${word()} will be ${word()} ${word()}.`).join('\n');
}

let folder = '';
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'llm-data-test-')); });
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  mkdirSync(join(folder, 'text'));
  for (const [name, content] of [['a.md', prose(1)], ['b.md', prose(1)], ['c.md', prose(2)], ['d.txt', 'Too short.'], ['e.jsonl', [3, 4].map((i) => JSON.stringify({ text: prose(i) })).join('\n')]] as const) writeFileSync(join(folder, 'text', name), content);
});

async function llm(argv: string, { stop = new AbortController().signal, env = {} }: Partial<Pick<Io, 'stop' | 'env'>> = {}): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const io: Io = {
    cwd: folder, isTTY: false, isInteractive: false, env, stop, columns: () => 80,
    out: (text) => { written.out += text; },
    err: (text) => { written.err += text; },
    async *lines() {},
  };
  return { code: await runCli(argv.split(' '), { commands: [data, dataLaunch], version: '0', io }), ...written };
}

const linesOf = <T>(...path: string[]): T[] => {
  const bytes = readFileSync(join(folder, ...path));
  return (path.at(-1)!.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim().split('\n').map((line) => JSON.parse(line) as T);
};

test('one file, with the decisions beside it and nothing else', async () => {
  const { code, out } = await llm('data text --out clean.jsonl');
  expect(code).toBe(0);
  expect(out).toContain('exact_duplicate');
  expect(out).toContain(`Wrote 4 documents to ${join(folder, 'clean.jsonl')}\nand the decision on each of 6 to ${join(folder, 'clean.decisions.jsonl')}`);
  expect(linesOf<{ id: string; source: string }>('clean.jsonl').map(({ id, source }) => [id, source])).toEqual([['text/a.md', 'text/a.md'], ['text/c.md', 'text/c.md'], ['text/e.jsonl:1', 'text/e.jsonl'], ['text/e.jsonl:2', 'text/e.jsonl']]);
  expect(linesOf<{ id: string; reason?: string }>('clean.decisions.jsonl').map(({ reason }) => reason)).toEqual([undefined, 'exact_duplicate', undefined, 'gopher_short_doc', undefined, undefined]);
  expect(readdirSync(folder).sort()).toEqual(['clean.decisions.jsonl', 'clean.jsonl', 'text']);
});

test('a folder of shards; again, nothing is left to do; and JSON', async () => {
  const first = await llm('data text --out clean --workers 0 --shard-mib 0.001 --measure');
  expect(first.code).toBe(0);
  expect(readdirSync(join(folder, 'clean'))).toEqual(expect.arrayContaining(['data-00000.jsonl.gz', 'decisions', 'examples.json', 'ledger.json', 'manifest.json', 'run']));
  expect(first.err).toMatch(/pass-0 \(1\/3\) · \d+\/\d+ tasks · .* of .* · 6 documents · /);
  const [decision] = linesOf<{ measures: Record<string, unknown> }>('clean', 'decisions', '00000.jsonl.gz');
  expect(Object.keys(decision!.measures)).toEqual(['gopherQuality', 'gopherRepetition']);
  const again = await llm('data text --out clean --workers 0 --shard-mib 0.001 --measure --json');
  expect(again.err).toBe('');
  expect(JSON.parse(again.out)).toMatchObject({ in: { documents: 6 }, kept: { documents: 4 }, filters: 'documentation', out: join(folder, 'clean') });
});

test('the whole of FineWeb: near duplicates go, addresses are replaced, and nothing is written in a dry run', async () => {
  const text = `${prose(9)}\nWrite to ann@mail.cn about it, they said to all of them.`;
  writeFileSync(join(folder, 'web.jsonl'), [text, text.replace('about it', 'about this'), '城市'.repeat(200)].map((each, i) => JSON.stringify({ id: `w${i}`, text: each })).join('\n'));
  const { code, out, err } = await llm('data web.jsonl --recipe fineweb --out clean.jsonl --json');
  expect([code, err]).toEqual([0, '']);
  expect((JSON.parse(out) as { dropped: { reason: string }[] }).dropped.map(({ reason }) => reason).sort()).toEqual(['language_not_allowed', 'near_duplicate']);
  const [kept] = linesOf<{ text: string; meta: object }>('clean.jsonl');
  expect(kept!.text).toContain('Write to email@example.com about');
  expect(kept!.meta).toMatchObject({ language: 'en' });
  rmSync(join(folder, 'clean.jsonl'));
  rmSync(join(folder, 'clean.decisions.jsonl'));
  expect(JSON.parse((await llm('data web.jsonl --recipe fineweb --out clean.jsonl --dry-run --json')).out)).toMatchObject({ kept: { documents: 1 } });
  expect(readdirSync(folder).sort()).toEqual(['text', 'web.jsonl']);
});

test('a bad line fails with its place, and once it is mended the run goes on', async () => {
  writeFileSync(join(folder, 'text', 'f.jsonl'), '{"text":1}\n');
  const { code, err } = await llm('data text --out clean --workers 0 --shard-mib 0.001');
  expect(code).toBe(1);
  expect(err).toContain('error: E_JSONL: readJsonl: expected a JSON object with a string in "text" but found a number there (text/f.jsonl, line 1)');
  expect(err).toMatch(/in task pass-0-\d{5}.*, of text\/f\.jsonl/);
  expect(err).toMatch(/\d+ tasks are done\. Once it is mended, run the same command again/);
  writeFileSync(join(folder, 'text', 'f.jsonl'), '{"text":"Short."}\n');
  expect((await llm('data text --out clean --workers 0 --shard-mib 0.001')).code).toBe(0);
});

test('a stop ends with 130 and says how to go on', async () => {
  const controller = new AbortController();
  const lines = Array.from({ length: 3000 }, (_, i) => JSON.stringify({ text: `Some words of the text number ${i}.` }));
  writeFileSync(join(folder, 'many.jsonl'), lines.join('\n'));
  const running = llm('data many.jsonl --out clean --recipe none --workers 0 --shard-mib 0.01', { stop: controller.signal });
  const timer = setInterval(() => {
    try {
      if (readdirSync(join(folder, 'clean', 'run', 'done')).length > 1) controller.abort(new Stopped('SIGINT'));
    } catch {
      // Not yet.
    }
  }, 1);
  const { code, err } = await running;
  clearInterval(timer);
  expect(code).toBe(130);
  expect(err).toMatch(/Stopped\. Run the same command again to go on\.\n$/);
  const { code: then } = await llm('data many.jsonl --out clean --recipe none --workers 0 --shard-mib 0.01');
  expect(then).toBe(0);
  expect(readdirSync(join(folder, 'clean')).filter((name) => name.startsWith('data-')).flatMap((name) => linesOf('clean', name))).toHaveLength(3000);
});

test('the line of progress is redrawn on a terminal, and is plain and rare elsewhere', () => {
  const step = { stage: 'pass-0', stages: 3, stageIndex: 0, tasks: 160, tasksDone: 12, bytes: 8.8 * 2 ** 30, bytesDone: 1.2 * 2 ** 30, documents: 51_204, bytesPerSecond: 34.1e6, etaSeconds: 190 };
  for (const isTTY of [true, false]) {
    let [text, time] = ['', 0];
    const { show, end } = dataProgress({ isTTY, columns: () => 200, err: (each) => { text += each; } }, { quiet: false, now: () => time });
    for (let i = 1; i <= 50; i++) {
      time = 250 * i;
      show(step);
    }
    end();
    const line = 'pass-0 (1/3) · 12/160 tasks · 1.20 GiB of 8.80 GiB · 51,204 documents · 34.1 MB/s · 3m10s left';
    expect(text).toBe(isTTY ? `${`\r\u001b[K${line}`.repeat(50)}\n` : `${line}\n`);
  }
});

test('ranks of Slurm, of Kubernetes, and typed', () => {
  const none = { rank: undefined, worldSize: undefined };
  expect(rankOf(none, {})).toEqual({ rank: 0, worldSize: 1 });
  expect(rankOf(none, { SLURM_ARRAY_TASK_ID: '13', SLURM_ARRAY_TASK_MIN: '10', SLURM_ARRAY_TASK_COUNT: '4' })).toEqual({ rank: 3, worldSize: 4 });
  expect(rankOf(none, { JOB_COMPLETION_INDEX: '2', LLM_WORLD_SIZE: '5' })).toEqual({ rank: 2, worldSize: 5 });
  expect(rankOf({ rank: 1, worldSize: 2 }, { JOB_COMPLETION_INDEX: '2', LLM_WORLD_SIZE: '5' })).toEqual({ rank: 1, worldSize: 2 });
  expect(() => rankOf(none, { JOB_COMPLETION_INDEX: '2' })).toThrow('expected LLM_WORLD_SIZE above JOB_COMPLETION_INDEX 2 but found none');
  expect(() => rankOf({ rank: 2, worldSize: 2 }, {})).toThrow('expected --rank below --world-size but found 2 of 2');
  // Some elements of an array of eight, handed in again: which ranks they were cannot be told from this.
  for (const id of ['3', '7']) expect(() => rankOf(none, { SLURM_ARRAY_TASK_ID: id, SLURM_ARRAY_TASK_MIN: '3', SLURM_ARRAY_TASK_MAX: '7', SLURM_ARRAY_TASK_COUNT: '2' })).toThrow('expected a Slurm array without gaps');
  expect(() => rankOf(none, { SLURM_ARRAY_TASK_ID: '7', SLURM_ARRAY_TASK_MIN: '3', SLURM_ARRAY_TASK_COUNT: '2' })).toThrow('found element 7 of 2 from 3 on');
});

test('Slurm: an array for each pass, one job for what is decided over all, each after the one before', async () => {
  const { code } = await llm('data launch text more.jsonl --out clean --slurm --processes 6 --workers 4 --recipe fineweb --partition cpu --time 10:00:00 --mem-gib 8');
  expect(code).toBe(0);
  const launch = join(folder, 'clean.launch');
  expect(readdirSync(launch).sort()).toEqual(['across-0.sbatch', 'pass-0.sbatch', 'pass-1.sbatch', 'submit.sh']);
  const read = (name: string): string => readFileSync(join(launch, name), 'utf8');
  for (const name of readdirSync(launch)) execFileSync('bash', ['-n', join(launch, name)]);
  expect(read('pass-0.sbatch')).toMatch(/^#!\/bin\/bash\n(?:#SBATCH --[\w-]+=\S+\n)+set -euo pipefail\nexec llm data /);
  expect(read('pass-0.sbatch')).toContain('#SBATCH --array=0-5\n');
  expect(read('across-0.sbatch')).not.toContain('--array');
  expect(read('pass-1.sbatch')).toContain('#SBATCH --cpus-per-task=4\n#SBATCH --mem=8G\n#SBATCH --time=10:00:00\n#SBATCH --partition=cpu\n');
  expect(statSync(join(launch, 'submit.sh')).mode & 0o111).toBe(0o111);
  // An sbatch of our own that does each element of the array at once: what is handed in is what the command understands.
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'sbatch'), '#!/bin/bash\nfor last; do :; done\necho "$last $*" >> "$LOG"\necho 77\n', { mode: 0o755 });
  execFileSync(join(launch, 'submit.sh'), { env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, LOG: join(folder, 'handed-in') } });
  expect(readFileSync(join(folder, 'handed-in'), 'utf8').trim().split('\n')).toEqual([
    'pass-0.sbatch --parsable pass-0.sbatch',
    'across-0.sbatch --parsable --dependency=afterok:77 --kill-on-invalid-dep=yes across-0.sbatch',
    'pass-1.sbatch --parsable --dependency=afterok:77 --kill-on-invalid-dep=yes pass-1.sbatch',
  ]);
  // The very words of the scripts, rank by rank.
  writeFileSync(join(folder, 'more.jsonl'), JSON.stringify({ text: 'A line of its own.' }));
  await llm('data launch text more.jsonl --out clean --slurm --processes 2 --workers 0 --recipe gopher --shard-mib 0.001');
  for (const [stage, ranks] of [['pass-0', 2], ['across-0', 0], ['pass-1', 2]] as const) {
    const words = /^exec llm (.*)$/m.exec(readFileSync(join(launch, `${stage}.sbatch`), 'utf8'))![1]!;
    expect(words.includes('--rank "$SLURM_ARRAY_TASK_ID" --world-size 2')).toBe(ranks > 0);
    for (let rank = 0; rank < Math.max(1, ranks); rank++) expect(await llm(words.replace('"$SLURM_ARRAY_TASK_ID"', String(rank)), { env: ranks === 0 ? {} : { SLURM_ARRAY_TASK_ID: String(rank), SLURM_ARRAY_TASK_COUNT: '1' } })).toMatchObject({ code: 0 });
  }
  expect(readdirSync(join(folder, 'clean'))).toContain('manifest.json');
});

test('Kubernetes: an indexed job whose pods share the tasks', async () => {
  const { code } = await llm('data launch /data/crawl/*.jsonl --out /data/clean --kubernetes --processes 12 --workers 3 --image registry.example/llm:1 --claim corpus --to jobs --mem-gib 4');
  expect(code).toBe(0);
  const job = parse(readFileSync(join(folder, 'jobs', 'job.yaml'), 'utf8')) as { spec: { template: { spec: { containers: [{ command: string[] }] } } } };
  expect(job).toMatchObject({
    apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'llm-data' },
    spec: {
      completionMode: 'Indexed', completions: 12, parallelism: 12, backoffLimitPerIndex: 3,
      template: { spec: {
        restartPolicy: 'Never',
        containers: [{ image: 'registry.example/llm:1', env: [{ name: 'LLM_WORLD_SIZE', value: '12' }], resources: { limits: { cpu: '3', memory: '4Gi' } }, volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'corpus' } }],
      } },
    },
  });
  const { command } = job.spec.template.spec.containers[0];
  expect(command.slice(0, 2)).toEqual(['llm', 'data']);
  expect(command).toEqual(expect.arrayContaining(['--out=/data/clean', '--workers=3', '/data/crawl/*.jsonl']));
  for (const [argv, message] of [
    ['data launch text --out clean', 'expected --slurm or --kubernetes but found neither'],
    ['data launch text --out clean.jsonl --slurm', 'expected a folder for --out but found the file clean.jsonl'],
    ['data launch text --out clean --slurm --processes 2000', 'expected at most 1000 --processes'],
    ['data launch /d/x --out /d/y --kubernetes', 'expected --image for Kubernetes but found none'],
    ['data launch text --out /d/y --kubernetes --image x --claim y', 'expected paths as the container sees them, from / on, but found text'],
  ] as const) expect(await llm(argv)).toMatchObject({ code: 2, err: expect.stringContaining(message) as string });
});

test('a dataset on the Hub keeps its name in the jobs, and nothing is launched into what its pattern reads', async () => {
  expect(await llm('data launch hf://datasets/owner/set text --out clean --slurm --recipe none')).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, 'clean.launch', 'pass-0.sbatch'), 'utf8')).toContain(` hf://datasets/owner/set ${join(folder, 'text')} `);
  expect(await llm('data launch hf://datasets/owner/set --out /d/clean --kubernetes --image x --claim y --to jobs')).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, 'jobs', 'job.yaml'), 'utf8')).toContain('- hf://datasets/owner/set\n');
  expect(await llm('data launch text/**/*.jsonl.gz --out text/clean --slurm')).toMatchObject({ code: 1, err: expect.stringContaining('E_OUTPUT') as string });
  expect((await llm('data launch text/*.md --out text/clean --slurm')).code).toBe(0);
});

test('a result is not written where its own pattern would read it, and its decisions are not either', async () => {
  mkdirSync(join(folder, 'p'));
  writeFileSync(join(folder, 'p', 'a.jsonl'), JSON.stringify({ text: prose(5) }));
  const refused = (found: string): object => ({ code: 1, err: expect.stringMatching(found) as string });
  expect(await llm('data p/*.jsonl --out p/o.jsonl')).toMatchObject(refused('E_OUTPUT: .* found .*/p/o\\.jsonl among p/\\*\\.jsonl'));
  expect(await llm('data p/*.{md,jsonl} --out p/o.ndjson')).toMatchObject({ code: 0 });
  expect(await llm('data p/*.decisions.jsonl p/a.jsonl --out p/b.jsonl')).toMatchObject(refused('E_OUTPUT: .* found .*/p/b\\.decisions\\.jsonl among'));
  writeFileSync(join(folder, 'a.decisions.jsonl'), JSON.stringify({ text: prose(6) }));
  expect(await llm('data a.decisions.jsonl --out a.jsonl')).toMatchObject(refused('E_OUTPUT: .* found .*/a\\.decisions\\.jsonl to be'));
  expect(await llm('data p/**/*.jsonl.gz p/a.jsonl --out p/clean')).toMatchObject(refused('E_OUTPUT'));
  expect(readdirSync(join(folder, 'p')).sort()).toEqual(['a.jsonl', 'o.decisions.ndjson', 'o.ndjson']);
});

test('options that cannot be read leave no temporary folder behind, and a pipe that nobody writes to is not waited for', async () => {
  const temporary = join(folder, 'temporary');
  mkdirSync(temporary);
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = temporary;
  try {
    writeFileSync(join(folder, 'bad.jsonl'), '{}\n');
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(await llm('data text --dry-run --overrides bad.jsonl')).toMatchObject({ code: 1, err: expect.stringContaining('E_OVERRIDES') as string });
    expect((await llm('data text --dry-run --overrides nothing.jsonl')).err).toMatch(/^error: E_NOT_FOUND: .*nothing\.jsonl/);
    expect((await llm('data text --dry-run --overrides text')).err).toMatch(/^error: E_NOT_A_FILE: .*found a folder/);
    expect((await llm('data text --dry-run --feedback pipe')).err).toMatch(/^error: E_NOT_A_FILE: .*found a named pipe/);
    expect(readdirSync(temporary)).toEqual([]);
    expect((await llm('data text --dry-run')).code).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
});
