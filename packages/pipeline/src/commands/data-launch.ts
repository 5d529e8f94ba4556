import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stagesOf } from '@llm/data-quality/node';
import { z } from 'zod';
import { UsageError } from '../cli/cli-error.ts';
import { command, type Command, integer, paths, text } from '../cli/command.ts';
import { checkOutput } from '../corpus/check-output.ts';
import { inputPath, isRemote } from '../corpus/input-path.ts';
import { DATA_LISTS, dataArgs, dataFields } from '../data/data-args.ts';
import { kubernetesFile } from '../data/kubernetes-file.ts';
import { dataRecipe } from '../data/recipes.ts';
import { slurmFiles } from '../data/slurm-files.ts';
import { argvOf } from '../lifecycle/command-line.ts';
import { data } from './data.ts';

/** As Slurm is set up unless somebody changed it. */
const LARGEST_ARRAY = 1000;

/** Writes the job files of `llm data` for many machines that share a file system. */
export const dataLaunch: Command = command({
  name: 'data launch',
  description: 'Write the job files that run llm data on many machines: an array for Slurm, an indexed job for Kubernetes',
  args: {
    paths: { type: 'positional', description: 'As llm data: files, folders and patterns, on a file system that all machines share', required: true },
    out: { type: 'string', valueHint: 'folder', description: 'The folder of the result, on the same file system', required: true },
    slurm: { type: 'boolean', description: 'Batch scripts, and submit.sh, which hands them in one after the other' },
    kubernetes: { type: 'boolean', description: 'The YAML of an indexed job' },
    processes: { type: 'string', valueHint: 'number', description: 'Over how many machines the tasks are spread', default: '8' },
    to: { type: 'string', valueHint: 'folder', description: 'Where the files are written; default: OUT.launch' },
    name: { type: 'string', valueHint: 'name', description: 'Name of the jobs', default: 'llm-data' },
    command: { type: 'string', valueHint: 'words', description: 'How llm is called there', default: 'llm' },
    partition: { type: 'string', valueHint: 'name', description: 'Slurm: the partition' },
    time: { type: 'string', valueHint: 'hh:mm:ss', description: 'Slurm: the longest that a job may take' },
    'mem-gib': { type: 'string', valueHint: 'GiB', description: 'Memory of each job' },
    image: { type: 'string', valueHint: 'image', description: 'Kubernetes: a container image with the command in it' },
    claim: { type: 'string', valueHint: 'name', description: 'Kubernetes: the persistent volume claim that the paths lie on' },
    mount: { type: 'string', valueHint: 'path', description: 'Kubernetes: where it is mounted', default: '/data' },
    ...dataArgs,
  },
  lists: DATA_LISTS,
  variadic: 'paths',
  schema: z.object({
    paths, out: text('a folder'), slurm: z.boolean().default(false), kubernetes: z.boolean().default(false), processes: integer(1, 100_000), to: text('a folder').optional(),
    name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,50}[a-z0-9])?$/, { error: 'a name of small letters, digits and dashes' }), command: text('words'), partition: text('a name').optional(),
    time: z.string().regex(/^[\d:-]+$/, { error: 'a time such as 10:00:00' }).optional(), 'mem-gib': integer(1).optional(), image: text('an image').optional(), claim: text('a name').optional(), mount: text('a path'),
    ...dataFields, json: z.boolean().default(false),
  }),
  async run({ paths: from, out, slurm, kubernetes, processes, to, name, command: called, partition, time, 'mem-gib': memGib, image, claim, mount, json, ...options }, io) {
    if (!slurm && !kubernetes) throw new UsageError('llm data launch: expected --slurm or --kubernetes but found neither. Say for which of them.');
    if (slurm && processes > LARGEST_ARRAY) throw new UsageError(`llm data launch: expected at most ${LARGEST_ARRAY} --processes for an array of Slurm but found ${processes}. Use fewer, with more --workers each.`);
    if (/\.(?:jsonl|ndjson)(?:\.gz)?$/i.test(out)) throw new UsageError(`llm data launch: expected a folder for --out but found the file ${out}. Many machines write many files.`);
    const workers = options.workers ?? 1;
    const given = Object.fromEntries(Object.entries({ ...options, workers }).filter(([, value]) => value !== undefined)) as Record<string, string | number | boolean | string[]>;
    const wordsFor = (place: (path: string) => string): string[] => [...called.split(/\s+/).filter((word) => word !== ''), 'data', ...argvOf(data, { ...given, out: place(out), paths: from.map(place) })];
    const absolute = (path: string): string => inputPath(path, io.cwd);
    // A pattern may match the files of the folder without matching the folder.
    const shard = join(out, `data-00000.jsonl${options.gzip ? '.gz' : ''}`);
    for (const path of [out, shard]) await checkOutput(resolve(io.cwd, path), { inputs: from, cwd: io.cwd, remedy: 'Choose another --out.' });
    const folder = resolve(io.cwd, to ?? `${out.replace(/\/+$/, '')}.launch`);

    const files: [string, string][] = [];
    if (slurm) {
      const recipe = options.recipe ?? options.filters ?? 'documentation';
      files.push(...slurmFiles({ words: wordsFor(absolute), stages: stagesOf(dataRecipe({ recipe })), processes, workers, logs: join(folder, 'logs'), name, partition, time, memGib }).map(([file, content]): [string, string] => [file, content]));
    }
    if (kubernetes) {
      const outside = [...from.filter((path) => !isRemote(path)), out].find((path) => !path.startsWith('/'));
      if (image === undefined || claim === undefined) throw new UsageError(`llm data launch: expected ${image === undefined ? '--image' : '--claim'} for Kubernetes but found none. Name ${image === undefined ? 'an image that has the command' : 'the volume that the data lies on'}.`);
      if (outside !== undefined) throw new UsageError(`llm data launch: expected paths as the container sees them, from / on, but found ${outside}. Begin them with ${mount}.`);
      const [file, content] = kubernetesFile({ words: wordsFor((path) => path), processes, workers, name, image, claim, mount, memGib });
      files.push([file, content]);
    }
    await mkdir(folder, { recursive: true });
    for (const [file, content] of files) {
      await writeFile(join(folder, file), content);
      if (file.endsWith('.sh')) await chmod(join(folder, file), 0o755);
    }
    const written = files.map(([file]) => join(folder, file));
    if (json) io.out(`${JSON.stringify({ files: written })}\n`);
    else {
      io.out(`Wrote ${written.join('\n      ')}\n`);
      if (slurm) io.out(`\nHand them in with ${join(folder, 'submit.sh')}; again after a failure, it does what is missing.\n`);
      if (kubernetes) io.out(`\nStart it with kubectl apply -f ${join(folder, 'job.yaml')}\n`);
    }
    return 0;
  },
});
