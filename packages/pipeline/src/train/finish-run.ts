import { readFile } from 'node:fs/promises';
import { loadPretrained, savePretrained } from '@llm/model/node';
import { disposeTree, scope, tensor, type Tree } from '@llm/tensor';
import type { Model } from '@llm/model';
import type { Tokenizer } from '@llm/tokenizer';
import { tokenizerFromJson } from '@llm/tokenizer';
import { CliError } from '../cli/cli-error.ts';
import type { DataReport } from '../corpus/prepare-data.ts';
import { reportHtml } from '../report/report-html.ts';
import { readMetrics, type MetricsLine } from '../run/metrics-log.ts';
import { replaceText } from '../run/replace-text.ts';
import { type RunRecord, writeRun } from '../run/run-record.ts';
import { runPaths } from './run-paths.ts';
import type { TrainedRun } from './train-run.ts';

const CHECK_TEXT = 'The quick brown fox: `const x = [1, 2];` — naïve 日本語 🙂\n';

/** Saves the model as a Hugging Face folder, reads it back, compares, and writes down how the run ended. */
export async function finishRun({ folder, record, tokenizer, run }: { folder: string; record: RunRecord; tokenizer: Tokenizer; run: TrainedRun }): Promise<RunRecord> {
  const { model, params, lines, evaluation } = run;
  const json = await readFile(runPaths(folder).tokenizer, 'utf8');
  await savePretrained(folder, { model, params, tokenizer: { json }, generation: { do_sample: true, temperature: 0.8, top_k: 40, top_p: 0.95 } });
  const reloadMaxDifference = await compareReloaded(folder, { model, params, tokenizer });
  const data = await readDataReport(folder);
  const seconds = lines.reduce((sum, line) => sum + line.seconds, 0);
  const tokens = lines.at(-1)?.tokens ?? 0;
  const finished: RunRecord = {
    ...record,
    result: {
      finishedAt: new Date().toISOString(), steps: lines.length, tokens, seconds, tokensPerSecond: seconds === 0 ? 0 : tokens / seconds,
      parameters: model.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
      initialLoss: lines[0]?.val_loss ?? lines[0]?.loss ?? 0, evaluation: evaluation!,
      compressions: [...data.compressions], reloadMaxDifference,
    },
  };
  await writeRun(folder, finished);
  await writeReport(folder, finished, lines);
  return finished;
}

/** The largest difference between logits of the model in memory and of the one read back; 0 for float32. */
async function compareReloaded(folder: string, { model, params, tokenizer }: { model: Model; params: Tree; tokenizer: Tokenizer }): Promise<number> {
  const loaded = await loadPretrained(folder);
  try {
    const again = tokenizerFromJson(JSON.parse(loaded.tokenizerJson ?? 'null'));
    const ids = Int32Array.from(again.encode(CHECK_TEXT)).slice(0, model.shape.maxPositions);
    if (ids.join() !== Int32Array.from(tokenizer.encode(CHECK_TEXT)).slice(0, model.shape.maxPositions).join()) {
      throw new CliError('E_RELOAD', `llm: expected the saved tokenizer in ${folder} to give the same ids but found others.`);
    }
    const logits = async (which: Model, tree: Tree): Promise<Float32Array> => {
      const found = scope(() => which.apply(tree, { ids: tensor(ids, [1, ids.length], 'int32') }));
      const values = (await found.data() as Float32Array).slice();
      found.dispose();
      return values;
    };
    const [a, b] = [await logits(model, params), await logits(loaded.model, loaded.params)];
    const most = a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
    if (!(most <= 1e-5)) throw new CliError('E_RELOAD', `llm: expected the saved model in ${folder} to give the same logits but found a difference of ${most}.`);
    return most;
  } finally {
    disposeTree(loaded.params);
  }
}

/** What became of the text, as the preparation of the run left it. */
export async function readDataReport(folder: string): Promise<DataReport> {
  return JSON.parse(await readFile(runPaths(folder).dataReport, 'utf8')) as DataReport;
}

/** Writes report.html from what the run's folder holds. */
export async function writeReport(folder: string, record: RunRecord, lines: readonly MetricsLine[] = readMetrics(runPaths(folder).metrics)): Promise<void> {
  await replaceText(runPaths(folder).report, reportHtml({ record, data: await readDataReport(folder), lines }));
}
