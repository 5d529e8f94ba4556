// Adds up the counts that tests and checks left: `node tools/sum-reports.mjs unit checks …`. A report that is missing, or of
// which nothing ran, is a failure; STEPS_FAILED=N counts as N failures at least. The last line is always
// "N passed, N failed, N skipped".
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const reports = join(dirname(fileURLToPath(import.meta.url)), '../node_modules/.cache/reports');
const total = { passed: 0, failed: 0, skipped: 0 };
for (const name of process.argv.slice(2)) {
  const file = join(reports, `${name}.json`);
  const counts = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 0, skipped: 0 };
  if (counts.passed + counts.failed === 0) counts.failed = 1;
  console.log(`${name.padEnd(20)} ${existsSync(file) ? `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped` : 'did not run'}`);
  for (const failure of counts.failures ?? []) console.log(`  FAILED ${failure}`);
  for (const key of Object.keys(total)) total[key] += counts[key];
}
total.failed = Math.max(total.failed, Number(process.env.STEPS_FAILED ?? 0));
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
