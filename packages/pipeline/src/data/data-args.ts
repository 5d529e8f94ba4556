import type { ArgsDef } from 'citty';
import { z } from 'zod';
import { integer, number, text } from '../cli/command.ts';
import { FILTER_SETS } from '../corpus/filters.ts';
import { RECIPE_NAMES } from './recipes.ts';

/** Flags of what is done to the data, on one machine and on many. */
export const dataArgs: ArgsDef = {
  recipe: { type: 'string', valueHint: RECIPE_NAMES.join('|'), description: 'What to drop: fineweb (its filters, near duplicates, personal data), documentation (Gopher rules relaxed for technical text; the default), gopher (as published, for prose), dedup (exact duplicates alone), none' },
  filters: { type: 'string', valueHint: Object.keys(FILTER_SETS).join('|'), description: 'As --recipe' },
  languages: { type: 'string', valueHint: 'code…', description: 'Languages that the recipe fineweb keeps; default: en' },
  'fast-minhash': { type: 'boolean', description: 'Near duplicates of the recipe fineweb by faster signatures' },
  measure: { type: 'boolean', description: 'Write what every rule measures of every document into the decisions' },
  workers: { type: 'string', valueHint: 'processes', description: 'Tasks at the same time, each in a process; 0: in this one. Default: as many as cores for a folder, else 0' },
  'shard-mib': { type: 'string', valueHint: 'MiB', description: 'About how much input makes a task', default: '64' },
  'max-heap-mib': { type: 'string', valueHint: 'MiB', description: 'Memory that a worker may take for objects; default: that of Node' },
  gzip: { type: 'boolean', description: 'Compress the files of a folder (--no-gzip does not)', default: true },
  'skip-bad': { type: 'string', valueHint: 'lines', description: 'Bad lines of JSON Lines to pass over in each file', default: '0' },
  'text-field': { type: 'string', valueHint: 'name', description: 'Field of JSON Lines that holds the text', default: 'text' },
};

const oneOf = (names: readonly string[]): z.ZodType<string | undefined> => z.enum(names as [string, ...string[]], { error: `one of ${names.join(', ')}` }).optional();

export const dataFields: {
  recipe: z.ZodType<string | undefined>; filters: z.ZodType<string | undefined>; languages: z.ZodType<string[]>; 'fast-minhash': z.ZodType<boolean>; measure: z.ZodType<boolean>; workers: z.ZodType<number | undefined>;
  'shard-mib': z.ZodType<number>; 'max-heap-mib': z.ZodType<number | undefined>; gzip: z.ZodType<boolean>; 'skip-bad': z.ZodType<number>; 'text-field': z.ZodType<string>;
} = {
  recipe: oneOf(RECIPE_NAMES), filters: oneOf(Object.keys(FILTER_SETS)), languages: z.array(text('a code such as en')).default(['en']), 'fast-minhash': z.boolean().default(false), measure: z.boolean().default(false),
  workers: integer(0, 1024).optional(), 'shard-mib': number('a number above 0', { min: 1e-6 }), 'max-heap-mib': integer(64).optional(), gzip: z.boolean().default(true), 'skip-bad': integer(0), 'text-field': text('a name'),
};

export const DATA_LISTS: readonly string[] = ['languages'];
