// Runs every check in order and says of each whether it passed: `npm run check`, or one of them by `-- --only layers`.
// A check is a file that exports check(): { problems, notes? }, both lists of sentences. To add one, add a line here.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspace.mjs';

const checks = {
  layers: 'check-layers.mjs',
  cycles: 'check-cycles.mjs',
  exports: 'exports.mjs',
  house: 'check-house.mjs',
  types: 'check-types.mjs',
  lint: 'check-lint.mjs',
  unused: 'check-unused.mjs',
  docstrings: 'check-docstrings.mjs',
  docs: 'check-docs.mjs',
  published: 'check-published.mjs',
  packed: 'check-packed.mjs',
  budgets: 'check-budgets.mjs',
};

const at = process.argv.indexOf('--only');
const only = at < 0 ? Object.keys(checks) : (process.argv[at + 1] ?? '').split(',');
const unknown = only.filter((name) => !(name in checks));
if (unknown.length > 0) {
  console.error(`check: expected --only with one of ${Object.keys(checks).join(', ')} but found ${unknown.join(', ')}.`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
for (const name of only) {
  const start = performance.now();
  let problems;
  let notes = [];
  try {
    const { check } = await import(`./${checks[name]}`);
    ({ problems, notes = [] } = await check());
  } catch (error) {
    problems = [`the check itself failed: ${error.stack}`];
  }
  for (const note of notes) console.log(`  ${note}`);
  for (const problem of problems) console.log(`  ${problem.replaceAll('\n', '\n    ')}`);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (problems.length === 0) passed++;
  else failed++;
  console.log(problems.length === 0 ? `pass ${name} (${seconds} s)` : `FAIL ${name}: ${problems.length} found (${seconds} s)`);
}
const reports = join(root, 'node_modules/.cache/reports');
mkdirSync(reports, { recursive: true });
writeFileSync(join(reports, 'checks.json'), JSON.stringify({ passed, failed, skipped: 0 }));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
