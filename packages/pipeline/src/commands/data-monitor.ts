import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type DriftAlert, driftAlerts, readVersions, versionLine } from '@llm/data-quality';
import { redactData } from '@llm/safety';
import { z } from 'zod';
import { EXIT } from '../cli/cli-error.ts';
import { command, type Command, number, text } from '../cli/command.ts';
import { count } from '../cli/format.ts';
import { printable } from '../cli/io.ts';
import { shownPath } from '../cli/shown-path.ts';
import { checkOutput } from '../corpus/check-output.ts';
import { dataArgs, dataFields, openData } from '../data-report/open-data.ts';
import { versionOf } from '../data-report/versions.ts';

/** Writes a version of a data set into a ledger, and says what drifted since the last. */
export const dataMonitor: Command = command({
  name: 'data monitor',
  description: 'Add this version of a data set to a ledger and say what drifted since the last; exit code 3 where something did',
  args: {
    ...dataArgs,
    ledger: { type: 'string', valueHint: 'file.jsonl', description: 'Where the versions are kept, a line each', default: 'data-versions.jsonl' },
    name: { type: 'string', valueHint: 'name', description: 'What the data set is called; default: its paths' },
    psi: { type: 'string', valueHint: 'index', description: 'Least population stability index that is told', default: '0.2' },
    fall: { type: 'string', valueHint: '0…1', description: 'Least fall of a dimension that is told', default: '0.05' },
    size: { type: 'string', valueHint: 'share', description: 'Least change of the documents of a source that is told', default: '0.25' },
    dropped: { type: 'string', valueHint: 'share', description: 'Least change of the share that a reason drops that is told', default: '0.05' },
  },
  variadic: 'paths',
  schema: z.object({
    ...dataFields, ledger: text('a file'), name: text('a name').optional(), psi: number('a number above 0', { min: 1e-9 }), fall: number('a number above 0 up to 1', { min: 1e-9, max: 1 }),
    size: number('a number above 0', { min: 1e-9 }), dropped: number('a number above 0 up to 1', { min: 1e-9, max: 1 }),
  }),
  async run({ ledger: file, name, psi, fall, size, dropped, json, ...given }, io) {
    const path = resolve(io.cwd, file);
    const ledger = existsSync(path) ? await readFile(path, 'utf8') : '';
    const last = readVersions(ledger, { file }).at(-1);
    const data = await openData(given.paths, given, io);
    await checkOutput(path, { inputs: data.kept ? [] : given.paths, cwd: io.cwd, onlyRead: true, remedy: 'Keep the versions elsewhere with --ledger, or the next one would count them.' });
    const { version } = await versionOf(data, { at: new Date().toISOString(), name: name ?? data.title });
    const isNew = last?.version !== version.version;
    if (isNew) {
      await mkdir(dirname(path), { recursive: true });
      await appendFile(path, versionLine(ledger, version, { file }));
    }
    const alerts: DriftAlert[] = last === undefined ? [] : redactData(driftAlerts(last, version, { psi, dimensionFall: fall, sizeChange: size, droppedChange: dropped }), { env: io.env });
    if (json) io.out(`${JSON.stringify({ ledger: path, added: isNew, version: version.version, documents: version.documents, previous: last?.version ?? null, alerts })}\n`);
    else {
      io.out(`version ${version.version.slice(0, 12)}, ${count(version.documents)} documents: ${isNew ? `added to ${shownPath(path, io.cwd)}` : 'as the last in the ledger, not added again'}\n`);
      io.out(last === undefined ? 'It is the first.\n' : alerts.length === 0 ? `No drift since ${last.at}.\n` : `Since ${last.at}:\n${alerts.map(({ message }) => `  ${printable(message)}\n`).join('')}`);
    }
    return alerts.length === 0 ? EXIT.ok : EXIT.gate;
  },
});
