// The playground as a visitor has it: built, served, and driven in Chromium from pasted text to a model that Node reads.
//
//   node tests/playground/playground.e2e.mjs [--device wasm|webgpu] [--only journey,plain,faults,looks,readable]
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tool } from '../../tools/run.mjs';
import { launch, openPage, reportsOf, waitFor } from './browser-page.mjs';
import { createChecks } from './checks.mjs';
import { faults } from './faults.mjs';
import { fillSettings, interrupted, uninterrupted } from './journey.mjs';
import { looks } from './looks.mjs';
import { readable } from './readable.mjs';
import { serve } from './static-server.mjs';

const { values: { device, only } } = parseArgs({ options: { device: { type: 'string', default: 'wasm' }, only: { type: 'string', default: 'journey,plain,faults,looks,readable' } } });
if (!['wasm', 'webgpu'].includes(device)) throw new RangeError(`playground: expected --device wasm or webgpu but found ${device}.`);
const wanted = new Set(only.split(','));
const playground = join(import.meta.dirname, '../../docs/playground');
const dist = join(playground, 'dist');
const folder = mkdtempSync(join(tmpdir(), 'playground-'));
const { check, group, finish } = createChecks();

const built = await tool('vite/bin/vite.js', ['build'], { cwd: playground });
check('the page builds', built.code === 0, built.code === 0 ? '' : built.output.slice(-400));
const isolated = await serve(dist, { below: '/some/folder/' });
const plain = await serve(dist, { below: '/', isolated: false });
const browser = await launch({ webgpu: device === 'webgpu' });
const inContext = async (run) => {
  const context = await browser.newContext({ acceptDownloads: true, viewport: { width: 1280, height: 900 } });
  try {
    return await run(context);
  } finally {
    await context.close();
  }
};
try {
  if (wanted.has('journey')) {
    let first;
    await group('Text to model, with a reload in the middle', () => inContext(async (context) => { first = await interrupted({ context, url: isolated.url, device, folder, check }); }));
    if (first !== undefined) await group('The same without a stop', () => inContext((context) => uninterrupted({ context, url: isolated.url, device, check, ...first })));
  }
  if (wanted.has('plain')) {
    await group('A host that sends no headers', () => inContext(async (context) => {
      const { page, complaints } = await openPage(context, plain.url);
      await page.click('#use-sample');
      await fillSettings(page, device, { steps: 20 });
      const { notes } = await waitFor(page, 'device', { when: ({ name }) => name === device });
      const shown = await page.textContent('#device-found');
      const cost = notes.find((note) => (device === 'webgpu' ? /imitation/ : /thread.*COOP/).test(note));
      check('what it costs is said', cost !== undefined && shown.includes(cost), cost);
      await page.click('#start');
      await waitFor(page, 'ready', { when: ({ finished }) => finished });
      check('it trains all the same', (await reportsOf(page, 'steps')).length > 0);
      check('nothing complained', complaints.length === 0, complaints[0]);
    }));
  }
  if (wanted.has('faults')) await group('What can go wrong', () => faults({ browser, dist, device, check }));
  if (wanted.has('looks')) await group('Looks and reach', () => inContext((context) => looks({ context, url: isolated.url, device, folder, check })));
  if (wanted.has('readable') && device === 'wasm') await group('Nothing changed, two minutes', () => inContext((context) => readable({ context, url: isolated.url, check })));
} finally {
  await browser.close();
  await isolated.close();
  await plain.close();
}
console.log(`\nPictures and the model: ${folder}`);
process.exit(finish() ? 0 : 1);
