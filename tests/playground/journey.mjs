// From text to a model at home: train, reload in the middle, go on, write, download, and the same model read by Node.
import { createRequire } from 'node:module';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { loadPretrained, savePretrained } from '@llm/model/node';
import { disposeTree, scope, tensor, useDevice } from '@llm/tensor';
import { tokenizerFromJson } from '@llm/tokenizer';
import { openPage, reportsOf, waitFor } from './browser-page.mjs';

const root = join(import.meta.dirname, '../..');
const { unzipSync } = createRequire(join(root, 'docs/playground/package.json'))('fflate');

/** Small enough for a software GPU, large enough that the loss falls well below 60 %. */
const SETTINGS = {
  wasm: { vocabSize: 512, width: 64, layers: 2, heads: 2, length: 64, batch: 4, learningRate: 0.005, steps: 300, everySeconds: 1 },
  webgpu: { vocabSize: 300, width: 32, layers: 1, heads: 2, length: 64, batch: 4, learningRate: 0.02, steps: 150, everySeconds: 1 },
};

/** Chooses the device and fills in the advanced settings as a visitor would. */
export async function fillSettings(page, device, changes = {}) {
  await page.selectOption('#device', device);
  if (!await page.locator('#fields').isVisible()) await page.click('#advanced summary');
  for (const [name, value] of Object.entries({ ...SETTINGS[device], ...changes })) await page.fill(`#set-${name}`, String(value));
}

/** Pastes the sample stories and starts. */
async function startTraining(page, device) {
  await page.click('#use-sample');
  await fillSettings(page, device);
  await waitFor(page, 'device', { when: ({ name }) => name === device });
  await page.click('#start');
}

const lossesOf = (reports) => new Map(reports.flatMap(({ steps }) => steps.map(({ step, loss }) => [step, loss])));

/** Clicks download and returns the files of the zip by name. */
async function download(page) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
  return unzipSync(readFileSync(await file.path()));
}

/** The whole way, with a reload in the middle. Returns the losses by step and the files of the zip. */
export async function interrupted({ context, url, device, folder, check }) {
  const { page, complaints } = await openPage(context, url);
  await startTraining(page, device);
  await waitFor(page, 'saved', { when: ({ step }) => step > SETTINGS[device].steps / 10 });
  const before = lossesOf(await reportsOf(page, 'steps'));
  const [first] = await reportsOf(page, 'run');
  check('training begins from pasted text', first.step === 0 && before.size > 0, `${before.size} steps before the reload`);
  check('a sample is shown before the first step', (await reportsOf(page, 'sample')).some(({ step, text }) => step === 0 && text.length > 0));

  await page.reload();
  const { saved } = await waitFor(page, 'opened');
  check('after a reload the page offers to go on', saved?.step > 0 && await page.isVisible('#saved-resume'), `saved at step ${saved?.step}`);
  await waitFor(page, 'device', { when: ({ name }) => name === device });
  await page.click('#saved-resume');
  const resumed = await waitFor(page, 'run');
  check('it goes on at the saved step, not at the beginning', resumed.step === saved.step && resumed.curve.steps.length === saved.step);
  await page.click('#stop');
  const stopped = await waitFor(page, 'ready');
  check('Stop ends with a model that can write', !stopped.finished && stopped.step < stopped.steps && await page.isVisible('#resume'), `at step ${stopped.step}`);
  await page.evaluate(() => { globalThis.reports = globalThis.reports.filter(({ type }) => type !== 'ready'); });
  await page.click('#resume');
  const ended = await waitFor(page, 'ready');
  const after = lossesOf(await reportsOf(page, 'steps'));
  const losses = new Map([...resumed.curve.steps.map(({ step, loss }) => [step, loss]), ...after]);
  check('it ends at its last step', ended.finished && ended.step === SETTINGS[device].steps);
  const mean = (from, to) => { let sum = 0; for (let step = from; step <= to; step++) sum += losses.get(step); return sum / (to - from + 1); };
  const ratio = mean(ended.steps - 4, ended.steps) / losses.get(1);
  check('the loss falls below 60 % of its start', ratio < 0.6, `${losses.get(1).toFixed(3)} to ${(100 * ratio).toFixed(0)} %`);
  check('steps run twice, before and after the reload, have the same loss to the bit', [...after].every(([step, loss]) => !before.has(step) || before.get(step) === loss));
  check('a sample of the trained model is shown', (await page.textContent('#samples li blockquote')).trim().length > 20);
  check('the curve and the figures are shown', await page.locator('#chart svg path.line').count() === 1 && /^[\d.]+$/.test(await page.textContent('#stat-loss')) && (await page.textContent('#stat-memory')).endsWith('B'));
  check('held-out loss is measured', (await page.locator('#loss-table tr').count()) >= 5);

  const prompt = 'Once there was a';
  await page.fill('#prompt', prompt);
  await page.fill('#temperature', '0');
  await page.fill('#max-tokens', '24');
  await page.click('#write-start');
  await waitFor(page, 'written');
  const tokens = (await reportsOf(page, 'token')).map(({ token }) => token);
  check('the page writes as many tokens as it was asked for', tokens.length === 24 && await page.locator('#tokens .token').count() === 24);
  await page.locator('#tokens .token').nth(3).click();
  check('a tap shows the alternatives of a token', await page.locator('#detail li').count() >= 5 && /%/.test(await page.textContent('#detail li')));
  await page.keyboard.press('ArrowRight');
  check('arrow keys go from token to token', await page.locator('#tokens .token').nth(4).getAttribute('aria-selected') === 'true');

  const files = await download(page);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  await compare({ folder: join(folder, 'my-language-model'), prompt, tokens, check });
  check('nothing was refused by the policy and nothing complained', complaints.length === 0 && (await page.evaluate(() => globalThis.refused)).length === 0, complaints[0]);
  await page.close();
  return { losses, files };
}

/** The zip's folder in Node: the command continues the prompt with the same text, and the probabilities are the page's. */
async function compare({ folder, prompt, tokens, check }) {
  const cli = join(root, 'packages/pipeline/dist/cli.js');
  const args = [cli, 'generate', folder, '--prompt', prompt, '--max-tokens', '24', '--temperature', '0', '--repeat-penalty', '1', '--json'];
  const answer = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  const written = tokens.map(({ text }) => text).join('');
  check('llm generate continues the prompt with the same words as the page', answer.text === written, JSON.stringify(answer.text.slice(0, 60)));

  await useDevice('wasm');
  const { model, params, config, tokenizerJson } = await loadPretrained(folder);
  const tokenizer = tokenizerFromJson(JSON.parse(tokenizerJson));
  const generation = JSON.parse(readFileSync(join(folder, 'generation_config.json'), 'utf8'));
  const again = `${folder}-again`;
  const { fileNames } = await savePretrained(again, { model, params, tokenizer: { json: tokenizerJson }, generation });
  const differing = fileNames.filter((name) => !readFileSync(join(folder, name)).equals(readFileSync(join(again, name))));
  check('the zip has the files that savePretrained writes, byte for byte', fileNames.length >= 6 && differing.length === 0, differing.length === 0 ? fileNames.join(', ') : `${differing.join(', ')} differ`);
  const ids = [config.bosId, ...tokenizer.encode(prompt), ...tokens.map(({ id }) => id)];
  const logits = scope(() => model.apply(params, { ids: tensor(Int32Array.from(ids), [1, ids.length], 'int32') }));
  const values = await logits.data();
  const own = (id) => (id === config.bosId ? tokenizer.idToToken(id) : tokenizer.decode([id]));
  let worst = 0;
  for (const [i, { id, logprob, top }] of tokens.entries()) {
    const row = values.subarray((ids.length - tokens.length - 1 + i) * model.shape.vocabSize).subarray(0, model.shape.vocabSize);
    const most = row.reduce((a, b) => Math.max(a, b));
    const logSum = most + Math.log(row.reduce((sum, value) => sum + Math.exp(value - most), 0));
    worst = Math.max(worst, Math.abs(row[id] - logSum - logprob));
    const expected = [...row.keys()].sort((a, b) => row[b] - row[a]).slice(0, top.length);
    for (const [rank, other] of top.entries()) {
      // Of two that are as good as equal, either may come first.
      const match = expected.find((candidate) => own(candidate) === other.text);
      worst = Math.max(worst, match === undefined ? Math.abs(row[expected[rank]] - logSum - other.logprob) : Math.abs(row[match] - logSum - other.logprob));
    }
  }
  check('log-probabilities in Node are those of the page within 1e-4', worst < 1e-4, `largest difference ${worst.toExponential(1)}`);
  logits.dispose();
  disposeTree(params);
}

/** The same run in a browser of its own, never stopped: every step and every weight must be the same. */
export async function uninterrupted({ context, url, device, check, losses, files }) {
  const { page } = await openPage(context, url);
  await startTraining(page, device);
  await waitFor(page, 'ready', { when: ({ finished }) => finished });
  const straight = lossesOf(await reportsOf(page, 'steps'));
  const differing = [...straight].filter(([step, loss]) => losses.get(step) !== loss).map(([step]) => step);
  check('a run that was never stopped has the same loss in every step', straight.size === losses.size && differing.length === 0, differing.length === 0 ? `${straight.size} steps` : `${differing.length} differ, from step ${Math.min(...differing)} on`);
  const again = await download(page);
  const name = 'my-language-model/model.safetensors';
  const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');
  check('and the same weights to the bit', hash(again[name]) === hash(files[name]));
  await page.close();
}
