import { createHash } from 'node:crypto';
import { bytes, count, digits, percent } from '../cli/format.ts';
import { html, type Html, htmlTable } from '../report/html.ts';
import { STYLE } from '../report/style.ts';
import { environment } from '../run/environment.ts';
import type { ClusterSizes, DataPage, PageExample } from './collect.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';
import { exact, ruleFigure } from './rule-figure.ts';
import { sourcesSection, spreadSection } from './sources-html.ts';
import { changeRows } from './versions.ts';

const needed = (comparison: string, threshold: number): string => `${comparison === 'min' ? '≥' : '≤'} ${exact(threshold)}`;

/**
 * What came into a data set, what went out and why, as one page: nothing fetched, every text escaped, and a policy that lets the one
 * script in it run, which is known by its hash, and nothing else.
 */
export function dataPageHtml(page: DataPage): string {
  const { title, description, ledger, rules, unmeasured, sample, examples, dimensions, personal, clusters, versions, feedback } = page;
  const hash = createHash('sha256').update(PAGE_SCRIPT).digest('base64');
  // An end tag inside the data would end the block; JSON may write < as an escape.
  const data = JSON.stringify({ rules: rules.map(({ filter, reason, comparison, edges, at }) => ({ name: nameOf(filter, reason, page), comparison, edges, at })), ...sample }).replaceAll('<', '\\u003c');
  const moves = rules.length > 0;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${{ markup: hash }}'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><title>Data: ${title}</title><style>${{ markup: `${STYLE}\n${PAGE_STYLE}` }}</style></head><body>
<h1>Data: ${title}</h1>
<p class="soft">${description}. Made by llm ${String(environment().llm)}.</p>
<div class="cards">${[[count(ledger.in.documents), 'documents in'], [count(ledger.out.documents), 'documents out'], [percent(ledger.out.documents / ledger.in.documents), 'of documents kept'], [percent(ledger.out.bytes / ledger.in.bytes), 'of bytes kept'], [bytes(ledger.in.bytes), 'in'], [bytes(ledger.out.bytes), 'out']].map(([value, label]) => html`<div><b>${value}</b><span>${label}</span></div>`)}</div>
<nav aria-label="Parts of this page"><a href="#why">Why</a><a href="#thresholds">Thresholds</a><a href="#sources">Sources</a><a href="#spread">Spread</a><a href="#examples">Examples</a>${versions === undefined ? undefined : html`<a href="#versions">Versions</a>`}</nav>
<h2 id="why">What was dropped, and why</h2>
${reasonTable(page)}
${ledger.skipped.length === 0 ? undefined : html`<h3>Never read</h3>${htmlTable(['because', 'times', 'such as'], ledger.skipped.map((each) => [each.reason, count(each.count), each.examples.slice(0, 2).join(', ')]))}`}
${clusters.map(clusterTable)}
${feedback === undefined ? undefined : html`<h3>What users said</h3>${htmlTable(['source', 'documents', 'good', 'bad'], Object.entries(feedback.sources).map(([source, { documents, good, bad }]) => [source === '' ? 'not named' : source, count(documents), count(good), count(bad)]))}
<p class="soft">${count(feedback.review.length)} documents wait for a reviewer; ${count(feedback.block.ids.length)} documents and ${count(feedback.block.sources.length)} sources are left out until then.</p>`}
<section><h2 id="thresholds">Thresholds</h2>
${moves ? html`<p><span class="key kept"></span>kept <span class="key dropped"></span>breaks this rule <span class="key other"></span>dropped by another. ${sample.documents < sample.of ? html`Drawn from ${count(sample.documents)} documents taken at random out of ${count(sample.of)}. ` : undefined}What duplicates would do is not known: what deduplication dropped stays dropped.</p>
<noscript><p class="soft">Moving thresholds needs JavaScript; llm data report --dry-run does the same.</p></noscript>
<div class="rules">${rules.map((rule, i) => (droppedBy(page, rule.filter, rule.reason) > 0 ? ruleFigure(rule, i) : undefined))}</div>
<details><summary>Rules that dropped nothing</summary><div class="rules">${rules.map((rule, i) => (droppedBy(page, rule.filter, rule.reason) > 0 ? undefined : ruleFigure(rule, i)))}</div></details>` : html`<p>No rule measured every document${unmeasured.length === 0 ? '' : '; make the folder with llm data --measure, or name the files themselves'}.</p>`}
${unmeasured.length === 0 ? undefined : html`<p class="soft">Not measured on every document: ${unmeasured.map(({ reason }) => html`<code>${reason}</code> `)}</p>`}
${moves ? html`<div class="try" id="try" hidden><p id="summary" role="status"></p><p><button type="button" id="reset" disabled>Back to the thresholds of the run</button> <code id="command"></code></p></div>` : undefined}
</section>
<h2 id="sources">Sources, of what was kept</h2>
${sourcesSection(dimensions)}
<h3>Personal data</h3>
${personal.length === 0 ? html`<p>None of the known forms: e-mail addresses, telephone numbers, bank accounts and cards, identity numbers, addresses of machines.</p>` : htmlTable(['kind', 'documents', 'found'], personal.map(({ kind, documents, found }) => [kind.replaceAll('_', ' '), count(documents), count(found)]))}
<h2 id="spread">How it spreads</h2>
${spreadSection(dimensions)}
${versions === undefined ? undefined : html`<h2 id="versions">Against ${versions.from.name}</h2>
<p>Version ${versions.from.version.slice(0, 12)} of ${count(versions.from.documents)} documents, ${bytes(versions.from.bytes)}; now ${versions.to.version.slice(0, 12)} of ${count(versions.to.documents)}, ${bytes(versions.to.bytes)}.</p>
${htmlTable(['', 'documents', 'such as'], changeRows(versions))}
${versions.alerts.length === 0 ? html`<p>No drift.</p>` : html`<ul class="plain">${versions.alerts.map(({ message }) => html`<li>${message}</li>`)}</ul>`}`}
<h2 id="examples">Examples</h2>
${exampleSection(examples)}
${moves ? html`<script type="application/json" id="data">${{ markup: data }}</script><script>${{ markup: PAGE_SCRIPT }}</script>` : undefined}
</body></html>
`.markup;
}

/** As `--dry-run` takes it. */
function nameOf(filter: string, reason: string, { rules, unmeasured }: DataPage): string {
  return [...rules, ...unmeasured].filter((each) => each.reason === reason).length > 1 ? `${filter}/${reason}` : reason;
}

const droppedBy = ({ ledger }: DataPage, filter: string, reason: string): number => ledger.dropped.find((each) => each.reason === reason && each.filter === filter)?.documents ?? 0;

function reasonTable({ ledger }: DataPage): Html {
  if (ledger.dropped.length === 0) return html`<p>Nothing.</p>`;
  const most = Math.max(...ledger.dropped.map(({ documents }) => documents));
  return htmlTable(['because', '', 'documents', 'of all', 'bytes', 'needed', 'lowest', 'mean', 'highest'], ledger.dropped.map(({ reason, documents, bytes: size, comparison, threshold, measured: { min, mean, max } }) => [
    html`<code>${reason.split('_').map((part, i) => html`${i === 0 ? undefined : html`_<wbr>`}${part}`)}</code>`, html`<span class="bar" style="width:${(6 * documents / most).toFixed(2)}rem"></span>`, count(documents), percent(documents / ledger.in.documents), bytes(size), needed(comparison, threshold), digits(min), digits(mean), digits(max)]));
}

function clusterTable({ reason, sizes }: ClusterSizes): Html {
  const groups = sizes.reduce((sum, each) => sum + each.groups, 0);
  const largest = sizes.at(-1)!.size;
  const bands = [[2, 2], [3, 3], [4, 7], [8, 15], [16, 63], [64, Infinity]] as const;
  const rows = bands.flatMap(([low, high]) => {
    const inBand = sizes.filter(({ size }) => size >= low && size <= high);
    const many = inBand.reduce((sum, each) => sum + each.groups, 0);
    return many === 0 ? [] : [[low === high ? String(low) : high === Infinity ? `${low} and more` : `${low} to ${high}`, count(many), count(inBand.reduce((sum, { size, groups: each }) => sum + size * each, 0))]];
  });
  return html`<h3>Groups of duplicates: ${reason}</h3><p class="soft">${count(groups)} groups, the largest of ${count(largest)} documents.</p>${htmlTable(['documents in a group', 'groups', 'documents in all'], rows)}`;
}

function exampleSection(examples: readonly PageExample[]): Html {
  if (examples.length === 0) return html`<p>None.</p>`;
  const groups = new Map<string, PageExample[]>();
  for (const example of examples) {
    const key = example.kept ? 'kept' : example.reason;
    groups.set(key, [...(groups.get(key) ?? []), example]);
  }
  const why = ({ kept, reason, measured, threshold, picked }: PageExample): string => [
    picked === 'borderline' ? 'near the threshold' : picked === 'random' ? 'drawn at random' : '',
    measured === null ? '' : `${kept ? `nearest rule ${reason}, ` : ''}measured ${digits(measured)}${threshold === null ? '' : `, threshold ${exact(threshold)}`}`,
  ].filter(Boolean).join('; ');
  return html`${[...groups].sort(([a], [b]) => (a === 'kept' ? 1 : b === 'kept' ? -1 : a < b ? -1 : 1)).map(([key, all]) => html`<details><summary><code>${key}</code> (${all.length})</summary>${all.map((example) => html`<p class="soft">${example.id}${why(example) === '' ? undefined : html`<br>${why(example)}`}</p><pre>${example.text}</pre>`)}</details>`)}`;
}
