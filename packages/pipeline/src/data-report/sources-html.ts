import { DATA_DIMENSIONS, type DataDimensions, type SourceDimensions } from '@llm/data-quality';
import { bytes, count, digits, percent } from '../cli/format.ts';
import { html, type Html, htmlTable } from '../report/html.ts';

const MOST_SOURCES = 50;

/** The values that most documents have: `en 95 %, de 5 %`. */
function largest(counts: Readonly<Record<string, number>>, most = 3): string {
  const entries = Object.entries(counts).sort(([, a], [, b]) => b - a);
  const all = entries.reduce((sum, [, each]) => sum + each, 0);
  return entries.slice(0, most).map(([value, each]) => `${value === '' ? 'none' : value} ${percent(each / all, 0)}`).join(', ') + (entries.length > most ? ', …' : '');
}

const shown = (value: number): string => (value < 1 && value >= 0.9995 ? '0.999' : value.toFixed(3));

function evidence({ source, dimensions }: SourceDimensions): Html {
  const rows = DATA_DIMENSIONS.map((name) => [name, dimensions[name].value === null ? 'not measured' : shown(dimensions[name].value), Object.entries(dimensions[name].evidence).filter(([, value]) => value !== 0).map(([key, value]) => `${key.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)} ${digits(value)}`).join(', ')]);
  return html`<details><summary>${source === '' ? 'no source' : source}</summary>${htmlTable(['dimension', 'value', 'made of'], rows)}</details>`;
}

/** The six dimensions of each source, what they are made of, licences, languages and lengths. */
export function sourcesSection({ sources }: DataDimensions): Html {
  if (sources.length === 0) return html`<p>Nothing was kept.</p>`;
  const most = sources.toSorted((a, b) => b.documents - a.documents).slice(0, MOST_SOURCES);
  const name = (source: string): string => (source === '' ? 'no source' : source);
  return html`${htmlTable(['source', 'documents', 'bytes', ...DATA_DIMENSIONS], most.map(({ source, documents, statistics, dimensions }) => [name(source), count(documents), bytes(statistics.bytes), ...DATA_DIMENSIONS.map((each) => (dimensions[each].value === null ? '-' : shown(dimensions[each].value)))]))}
${sources.length > most.length ? html`<p class="soft">and ${count(sources.length - most.length)} smaller sources</p>` : undefined}
<details><summary>What the figures are made of</summary>${most.map(evidence)}</details>
<h3>Licences, languages, lengths</h3>
${htmlTable(['source', 'licence', 'language', 'mean characters'], most.map(({ source, statistics: { bins, means } }) => [name(source), largest(bins.license), largest(bins.language), count(means.characters)]))}`;
}

/** How all documents spread over languages, domains, lengths, years and licences. */
export function spreadSection({ distributions, warnings }: DataDimensions): Html {
  const known = distributions.filter(({ documents }) => documents > 0);
  return html`${warnings.map((warning) => html`<p class="warn">${warning}</p>`)}
${known.map(({ of, values, missing, evenness, largest: first }) => html`<h3>${of}</h3><p class="soft">${count(values)} ${values === 1 ? 'value' : 'values'}${evenness === null ? '' : `, evenness ${evenness.toFixed(2)}`}${missing === 0 ? '' : `, ${count(missing)} documents without`}</p>
${htmlTable([of === 'length' ? 'characters, from' : of, 'documents', 'share', ''], (of === 'length' || of === 'year' ? first.toSorted((a, b) => Number(a.value) - Number(b.value)) : first).map(({ value, documents, share }) => [of === 'length' ? count(Number(value)) : value, count(documents), percent(share), html`<span class="bar" style="width:${(8 * share).toFixed(2)}rem"></span>`]))}`)}`;
}
