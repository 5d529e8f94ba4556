import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { relevanceTo } from '@llm/data-quality';
import { redactData } from '@llm/safety';
import { z } from 'zod';
import { command, type Command, text } from '../cli/command.ts';
import { count } from '../cli/format.ts';
import { printable } from '../cli/io.ts';
import { shownPath } from '../cli/shown-path.ts';
import { checkOutput } from '../corpus/check-output.ts';
import { collectPage, type DataPage } from '../data-report/collect.ts';
import { dryRun, dryRunText } from '../data-report/dry-run.ts';
import { dataArgs, dataFields, openData } from '../data-report/open-data.ts';
import { dataPageHtml } from '../data-report/page-html.ts';
import { readFeedback } from '../data-report/read-feedback.ts';
import { versionOf } from '../data-report/versions.ts';
import { replaceText } from '../run/replace-text.ts';

const list = z.array(z.string().min(1)).optional();

/** What came in, what went out and why, as a page whose thresholds can be moved. */
export const dataReport: Command = command({
  name: 'data report',
  description: 'Show what came in, what went out and why, as one page whose thresholds can be moved; or what other thresholds would change',
  args: {
    ...dataArgs,
    out: { type: 'string', valueHint: 'file.html', description: 'Where to write the page', default: 'data-report.html' },
    'dry-run': { type: 'string', valueHint: 'rule=value', description: 'Say which documents these thresholds would keep or drop instead, and write no page' },
    against: { type: 'string', valueHint: 'path', description: 'An earlier version, a folder of llm data or files, to compare with' },
    feedback: { type: 'string', valueHint: 'file.jsonl', description: 'What users said of documents: {"id", "verdict": "good" or "bad", "reason", "user"}' },
    about: { type: 'string', valueHint: 'words', description: 'Terms that the text should be about, for the relevance of each source' },
    date: { type: 'string', valueHint: '2025-01-31', description: 'The day up to which ages count; default: today' },
  },
  lists: ['dry-run', 'about'],
  variadic: 'paths',
  schema: z.object({ ...dataFields, out: text('a file'), 'dry-run': list, against: text('a path').optional(), feedback: text('a file').optional(), about: list, date: z.iso.date({ error: 'a day such as 2025-01-31' }).optional() }),
  async run({ out, 'dry-run': moves, against, feedback, about, date, json, ...given }, io) {
    const data = await openData(given.paths, given, io);
    if (moves !== undefined) {
      const result = await dryRun(data, moves);
      io.out(json ? `${JSON.stringify(result)}\n` : `${dryRunText(result)}\n`);
      return 0;
    }
    const path = resolve(io.cwd, out);
    if (!json) await checkOutput(path, { inputs: [...(data.kept ? [] : given.paths), ...(against === undefined ? [] : [against])], cwd: io.cwd, onlyRead: true, remedy: 'Choose another --out.' });
    const at = date ?? new Date().toISOString();
    const before = against === undefined ? undefined : await versionOf(await openData([against], given, io), { at });
    // What the page computes with is no text, and must not be taken for a secret.
    const { sample, ...collected } = await collectPage(data, { referenceDate: at, relevance: about === undefined ? undefined : relevanceTo(about), against: before && { before, at } });
    const shown = redactData({ ...collected, ...(feedback === undefined ? {} : { feedback: await readFeedback(resolve(io.cwd, feedback)) }) }, { env: io.env });
    const page: DataPage = { ...shown, sample };
    if (json) {
      io.out(`${JSON.stringify({ ...shown, sample: { documents: sample.documents, of: sample.of } })}\n`);
      return 0;
    }
    await mkdir(dirname(path), { recursive: true });
    await replaceText(path, dataPageHtml(page));
    io.out(`${count(page.ledger.out.documents)} of ${count(page.ledger.in.documents)} documents are kept\n${page.dimensions.warnings.map((warning) => `${printable(warning)}\n`).join('')}Page: ${shownPath(path, io.cwd)}\n`);
    return 0;
  },
});
