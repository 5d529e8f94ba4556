// `npm test`: the unit tests, on WebGPU too where Node has it, then the browser tests in Chromium, once cross-origin isolated and
// once not. For each device it says how many kernel cases ran there; none where one was asked for is a failure.
// Arguments are vitest's own (`npm test -- packages/tokenizer`) and leave the browsers out.
// `--report NAME` leaves the counts in node_modules/.cache/reports; `--unit` leaves the browsers out.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from './find-chromium.mjs';
import { findWebgpu } from './find-webgpu.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const reports = join(root, 'node_modules/.cache/reports');
const args = process.argv.slice(2);

/** Takes `flag` (and its value, when it has one) out of the arguments. */
function take(flag, values = 0) {
  const at = args.indexOf(flag);
  return at < 0 ? undefined : args.splice(at, 1 + values).at(-1);
}
const unitOnly = take('--unit') !== undefined;
const unitReport = take('--report', 1) ?? 'unit';

/** What failed, a line each: the file, the test, and how its message begins. */
function failuresOf({ testResults = [] }) {
  const begins = (message) => message.split('\n')[0].slice(0, 300);
  return testResults.filter(({ status }) => status === 'failed').flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed').map(({ fullName, failureMessages: [first = ''] }) => `${fullName}: ${begins(first)}`);
    return (failed.length > 0 ? failed : [begins(message)]).map((line) => `${relative(root, name)}: ${line}`);
  });
}

/** Runs vitest, leaves its counts under `name` and says whether all went well, on the devices too that were asked for. */
function vitest(name, vitestArgs, extraEnv = {}, devices = []) {
  const cases = join(reports, `${name}.cases.json`);
  const details = join(reports, `${name}.vitest.json`);
  const counts = join(reports, `${name}.json`);
  for (const file of [details, counts, cases]) rmSync(file, { force: true });
  const { status } = spawnSync(process.execPath, [
    join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=json', '--reporter=./tools/case-reporter.mjs', `--outputFile.json=${details}`, ...vitestArgs,
  ], { cwd: root, stdio: 'inherit', env: { ...process.env, ...extraEnv, CASES_FILE: cases } });
  const found = existsSync(details) ? JSON.parse(readFileSync(details, 'utf8')) : {};
  const { numPassedTests: passed = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0 } = found;
  const ran = existsSync(cases) ? JSON.parse(readFileSync(cases, 'utf8')) : {};
  for (const [device, count] of Object.entries(ran)) console.log(`${name}: ${count} kernel cases on ${device}`);
  const idle = devices.filter((device) => !Object.keys(ran).some((key) => key.startsWith(device)));
  for (const device of idle) console.log(`${name}: FAILED: expected kernel cases on ${device} but none ran.`);
  // A file that does not load has no failed test but fails the run.
  const failed = (status === 0 ? numFailedTests : Math.max(1, numFailedTests)) + idle.length;
  const skipped = numPendingTests + numTodoTests;
  writeFileSync(counts, JSON.stringify({ passed, failed, skipped, failures: failuresOf(found) }));
  console.log(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped, on Node ${process.versions.node}`);
  return failed === 0;
}

mkdirSync(reports, { recursive: true });
const whole = args.every((arg) => arg.startsWith('--exclude='));
const chromium = findChromium();
const webgpu = findWebgpu(chromium);
// LLM_DEVICES asks for less, or insists on more.
const asked = process.env.LLM_DEVICES?.split(',');
const nodeDevices = asked ?? (webgpu.env === undefined ? ['wasm'] : ['wasm', 'webgpu']);
if (webgpu.env === undefined) console.log(`WebGPU is not tested in Node: ${webgpu.reason}.`);
else console.log(nodeDevices.includes('webgpu') ? `WebGPU in Node: ${webgpu.description}.` : 'WebGPU is not tested in Node: LLM_DEVICES does not name it.');
let good = vitest(unitReport, args, { ...webgpu.env, LLM_DEVICES: nodeDevices.join() }, whole ? nodeDevices : []);
if (!unitOnly && whole) {
  if (chromium === undefined) {
    console.log('Browsers are not tested: no Chromium on PATH or in the environment variable CHROMIUM.');
  } else {
    // The contract of every kernel runs in the isolated page, where there are threads; what a page without them changes runs in the other.
    for (const [name, isolated, devices] of [['browser-isolated', '1', ['wasm', 'webgpu']], ['browser-plain', '0', []]]) {
      good = vitest(name, ['--config', 'vitest.browser.config.ts'], { ISOLATED: isolated, CHROMIUM: chromium }, devices) && good;
    }
  }
}
process.exit(good ? 0 : 1);
