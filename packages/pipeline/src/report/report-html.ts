import { bytes, count, digits, duration, short } from '../cli/format.ts';
import type { DataReport } from '../corpus/prepare-data.ts';
import type { MetricsLine } from '../run/metrics-log.ts';
import type { RunRecord } from '../run/run-record.ts';
import { html, type Html, htmlTable } from './html.ts';
import { lineChart, type Series } from './line-chart.ts';
import { STYLE } from './style.ts';

export interface ReportInput {
  readonly record: RunRecord;
  readonly data: DataReport;
  readonly lines: readonly MetricsLine[];
}

/**
 * The whole story of a run as one page: no script, nothing fetched, every text of the data and the model escaped, and a policy
 * that would stop the browser from running or loading anything all the same.
 */
export function reportHtml({ record, data, lines }: ReportInput): string {
  const { name, result } = record;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><title>${name}</title><style>${{ markup: STYLE }}</style></head><body>
<h1>${name}</h1>
<p class="soft">${result === undefined ? `Not finished: ${lines.length} of ${record.settings.training.steps} steps.` : `Finished ${result.finishedAt}.`} Made by llm ${String(record.environment.llm)} on ${[...record.earlierDevices ?? [], record.device.description].join(', then on ')}${record.init === undefined ? '' : `, from the weights of ${record.init.folder}`}.</p>
${cards(record, lines)}
<h2>Training</h2>
${charts(record, lines)}
<h2>Compression of the held-out text</h2>
${compression(record, data)}
<h2>Samples</h2>
${samplesOf(lines)}
<h2>Data</h2>
${dataSection(record, data)}
<h2>Tokenizer</h2>
${tokenizerSection(record, data)}
<h2>Configuration</h2>
<details><summary>Every setting</summary><pre>${JSON.stringify(record.settings, null, 2)}</pre></details>
<h2>Environment</h2>
${htmlTable(['', ''], [...Object.entries(record.environment).map(([key, value]) => [key, typeof value === 'number' && key.endsWith('Bytes') ? bytes(value) : String(value)]), ['device', record.device.description], ['data sha256', record.data.sha256]])}
</body></html>
`;
  return page.markup;
}

function cards({ result, settings, data }: RunRecord, lines: readonly MetricsLine[]): Html {
  const last = lines.at(-1);
  const facts: [string, string][] = [
    ['steps', `${count(lines.length)} of ${count(settings.training.steps)}`],
    ['tokens seen', short(last?.tokens ?? 0)],
    ['tokens in the text', short(data.trainTokens)],
    ['training time', duration(lines.reduce((sum, { seconds }) => sum + seconds, 0))],
    ...(result === undefined ? [] : [
      ['parameters', short(result.parameters)],
      ['tokens a second', count(result.tokensPerSecond)],
      ['held-out loss', `${result.initialLoss.toFixed(2)} → ${result.evaluation.loss.toFixed(2)}`],
      ['held-out bits per byte', result.evaluation.bitsPerByte.toFixed(3)],
    ] as [string, string][]),
  ];
  return html`<div class="cards">${facts.map(([label, value]) => html`<div><b>${value}</b><span>${label}</span></div>`)}</div>`;
}

/** Exponential mean, divided by its total weight so that it is right from the first value on. */
function smoothed(points: Series['points'], beta = 0.95): Series['points'] {
  let [mean, left] = [0, 1];
  return points.map(([x, y]) => {
    mean = beta * mean + (1 - beta) * y;
    left *= beta;
    return [x, mean / (1 - left)] as const;
  });
}

function charts(record: RunRecord, lines: readonly MetricsLine[]): Html {
  const of = (value: (line: MetricsLine) => number | null | undefined): Series['points'] =>
    lines.flatMap((line) => { const y = value(line); return typeof y === 'number' ? [[line.step + 1, y] as const] : []; });
  const raw = of(({ loss }) => loss);
  const xLabel = 'steps';
  return html`
${lineChart({ title: 'Loss, nats per token', xLabel, series: [{ name: 'each step', points: raw, faint: true }, { name: 'smoothed', points: smoothed(raw) }, { name: 'held-out', points: of(({ val_loss }) => val_loss) }] })}
${lineChart({ title: 'Held-out bits per byte', xLabel, series: [{ name: 'model', points: of(({ val_bits_per_byte }) => val_bits_per_byte) }], marks: (record.result?.compressions ?? []).map(({ name, bitsPerByte }) => ({ name, y: bitsPerByte })) })}
${lineChart({ title: 'Gradient norm before clipping', xLabel, series: [{ name: 'norm', points: of(({ grad_norm }) => grad_norm) }] })}
${lineChart({ title: 'Learning rate', xLabel, series: [{ name: 'rate', points: of(({ lr }) => lr) }] })}
${lineChart({ title: 'Tokens a second', xLabel, series: [{ name: 'speed', points: of(({ tokens_per_second }) => tokens_per_second) }] })}`;
}

function compression({ result, data: facts, settings }: RunRecord, { compressions }: DataReport): Html {
  const rows = compressions.map(({ name, bytes: size, bitsPerByte }) => [name, bytes(size), bitsPerByte.toFixed(3)]);
  if (result !== undefined) rows.push([`this model, ${short(result.parameters)} parameters`, `${bytes(Math.round(result.evaluation.bitsPerByte * result.evaluation.bytes / 8))}, weights not counted`, result.evaluation.bitsPerByte.toFixed(3)]);
  return html`${htmlTable(['', 'size', 'bits per byte'], rows)}
<p class="soft">${bytes(facts.validationBytes)} of text that the model was not trained on. The compressors read it as one stream; the model sees no more than ${count(settings.training.length)} tokens at once.</p>`;
}

function samplesOf(lines: readonly MetricsLine[]): Html {
  const with_ = lines.filter(({ samples }) => samples !== undefined).toReversed();
  if (with_.length === 0) return html`<p>None were written.</p>`;
  return html`${with_.map(({ step, samples = [] }, i) => html`<details${i === 0 ? { markup: ' open' } : undefined}><summary>after step ${step + 1}</summary>${
    samples.map(({ prompt, text }) => html`<pre><b>${prompt}</b>${text}</pre>`)}</details>`)}`;
}

function dataSection({ data, settings }: RunRecord, { ledger, filters, examples }: DataReport): Html {
  const needed = (comparison: string, threshold: number): string => `${comparison === 'min' ? '≥' : '≤'} ${digits(threshold)}`;
  return html`<p>${settings.data.paths === null ? 'The documentation of the installed packages.' : settings.data.paths.join(', ')} ${count(ledger.in.documents)} documents of ${bytes(ledger.in.bytes)} went in, ${count(ledger.out.documents)} of ${bytes(ledger.out.bytes)} came out; ${count(data.trainDocuments)} are trained on, ${count(data.validationDocuments)} (${bytes(data.validationBytes)}) are held out and scored. The decision on each is in data/decisions.jsonl.</p>
<p class="soft">${filters.description}.</p>
${htmlTable(['dropped because', 'documents', 'characters', 'needed', 'lowest', 'mean', 'highest', 'such as'], ledger.dropped.map(({ reason, documents, characters, comparison, threshold, measured, examples: ids }) =>
    [reason, count(documents), count(characters), needed(comparison, threshold), digits(measured.min), digits(measured.mean), digits(measured.max), ids.slice(0, 2).join(', ')]))}
${ledger.skipped.length === 0 ? undefined : htmlTable(['never read', 'times', 'such as'], ledger.skipped.map(({ reason, count: times, examples: what }) => [reason, count(times), what.slice(0, 2).join(', ')]))}
${filters.relaxed.length === 0 ? undefined : html`<details><summary>Where the filters depart from the published thresholds, and why</summary>${htmlTable(['rule', 'published', 'used', 'why'], filters.relaxed.map(({ rule, published, used, why }) => [rule, published, used, why]))}</details>`}
${examples.length === 0 ? undefined : html`<details><summary>How a document of each kind that was dropped begins</summary>${examples.map(({ id, reason, measured, text }) => html`<p>${reason} (${digits(measured)}): ${id}</p><pre>${text}</pre>`)}</details>`}`;
}

function tokenizerSection({ tokenizerSize, settings, tokenizerSha256 }: RunRecord, { tokenizer }: DataReport): Html {
  return html`<p>Byte-level BPE, ${count(tokenizerSize)} tokens, split as ${settings.tokenizer.split}, ${digits(tokenizer.bytesPerToken)} characters a token${tokenizer.trainedOnBytes === 0 ? ', read from a file' : `, trained on ${short(tokenizer.trainedOnBytes)} characters`}.</p>
<p class="soft">Longest tokens: ${tokenizer.longest.map((token) => html`<code>${JSON.stringify(token)}</code> `)}</p><p class="soft">sha256 ${tokenizerSha256}</p>`;
}
