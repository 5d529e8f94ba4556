// One measurement of data-filters.mjs: warms up with the texts of one JSON file, then passes once over those of another.
import { readFileSync } from 'node:fs';
import { c4Quality, finewebFilters, finewebQuality, gopherQuality, gopherRepetition } from '@llm/data-quality';
import { stopwatch } from './statistics.mjs';

const [task, warmFile, file, cpu] = process.argv.slice(2);
const documentsOf = (path) => JSON.parse(readFileSync(path, 'utf8')).map((text, i) => ({ id: String(i), text }));

const filters = [gopherRepetition(), gopherQuality(), c4Quality({ filterNoTerminalPunct: false }), finewebQuality()];
const recipe = finewebFilters();

/** How many verdicts are to keep. */
function every(documents) {
  let kept = 0;
  for (const document of documents) for (const filter of filters) if (filter.check(document).keep) kept++;
  return kept;
}

/** How many documents pass all filters. */
function inOrder(documents) {
  let kept = 0;
  for (const document of documents) {
    let current = document;
    for (const filter of recipe) {
      const verdict = filter.check(current);
      current = verdict.keep ? (verdict.document ?? current) : undefined;
      if (current === undefined) break;
    }
    if (current !== undefined) kept++;
  }
  return kept;
}

const pass = { every, recipe: inOrder }[task];
const [warm, timed] = [warmFile, file].map(documentsOf);
for (let i = 0; i < 4; i++) pass(warm);
const lap = stopwatch(cpu === '1');
const kept = pass(timed);
console.log(JSON.stringify({ seconds: lap(), kept }));
