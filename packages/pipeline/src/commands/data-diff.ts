import { redactData } from '@llm/safety';
import { z } from 'zod';
import { command, type Command, text } from '../cli/command.ts';
import { FILTER_SETS } from '../corpus/filters.ts';
import { dataArgs, dataFields, openData } from '../data-report/open-data.ts';
import { changeBetween, changeText, versionOf } from '../data-report/versions.ts';

const { paths: _, filters: __, ...readArgs } = dataArgs;
const { paths: ___, ...fields } = dataFields;

/** What changed from one version of a data set to another. */
export const dataDiff: Command = command({
  name: 'data diff',
  description: 'Show what changed between two versions of a data set: documents added, removed, changed, relabelled, and drift',
  args: {
    before: { type: 'positional', description: 'The earlier version: a folder that llm data --out made, or a file or folder of text', required: true },
    after: { type: 'positional', description: 'The later version', required: true },
    ...readArgs,
    filters: { type: 'string', valueHint: Object.keys(FILTER_SETS).join('|'), description: 'What to drop first, where files and folders of text are named', default: 'none' },
  },
  schema: z.object({ ...fields, before: text('a path'), after: text('a path') }),
  async run({ before, after, json, ...given }, io) {
    const at = new Date().toISOString();
    const versions = [];
    for (const path of [before, after]) versions.push(await versionOf(await openData([path], given, io), { at, name: path }));
    const change = redactData(changeBetween(versions[0]!, versions[1]!), { env: io.env });
    io.out(json ? `${JSON.stringify(change)}\n` : `${changeText(change)}\n`);
    return 0;
  },
});
