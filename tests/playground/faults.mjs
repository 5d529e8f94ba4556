// What the page says where something is missing or breaks: always a sentence with what to do, and never a wait without end.
import { openPage, waitFor } from './browser-page.mjs';
import { fillSettings } from './journey.mjs';
import { serve } from './static-server.mjs';

const FAULTS = {
  noStorage: 'navigator.storage.getDirectory = () => Promise.reject(new DOMException("denied here", "SecurityError"))',
  quota: 'FileSystemSyncAccessHandle.prototype.write = () => { throw new DOMException("full", "QuotaExceededError"); }',
  memory: '{ const Plain = WebAssembly.Memory; WebAssembly.Memory = class extends Plain { constructor(options) { super({ ...options, maximum: Math.min(options.maximum, 288) }); } }; }',
  crash: 'setTimeout(() => { throw new Error("boom"); }, 4000)',
  hang: 'addEventListener("message", ({ data }) => { if (data.type === "train") setTimeout(() => { for (;;); }, 1500); })',
};
/** Steps without end, so that each fault comes while it trains. */
const LONG = { steps: 100_000 };

const problemShown = (page) => page.waitForFunction(() => document.querySelector('#train-problem').textContent, null, { timeout: 60_000 }).then((handle) => handle.jsonValue());

async function start(page, device, changes) {
  await page.click('#use-sample');
  await fillSettings(page, device, changes);
  await page.click('#start');
}

/** Texts that are no text to learn from. */
async function badTexts(page, check) {
  await page.click('#start');
  check('no text: it says where to get some', /no text.*sample stories/i.test(await problemShown(page)));
  await page.fill('#source', 'Too short.');
  await page.click('#start');
  check('a short text: it says how much is needed', /10 characters.*2000.*sample stories/i.test((await waitFor(page, 'problem'), await problemShown(page))));
  await page.fill('#source', `${'The very same words. '.repeat(25)}\n\n`.repeat(20));
  await page.click('#start');
  await page.waitForFunction(() => document.querySelector('#train-problem').textContent.includes('same thing over and over'), null, { timeout: 60_000 });
  check('a text that repeats itself: it says so', /sample stories/.test(await problemShown(page)));
  await page.setInputFiles('#file-input', { name: 'picture.png', mimeType: 'image/png', buffer: Buffer.from([0x89, 0x50, 0, 1, 2]) });
  await page.waitForFunction(() => document.querySelector('#text-problem').textContent !== '');
  check('a file that is no text is refused by name', /picture\.png.*UTF-8/.test(await page.textContent('#text-problem')));
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['<b>A story</b> that was dropped. '.repeat(100)], '<i>tale</i>.txt', { type: 'text/plain' }));
    document.querySelector('#source').dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
  });
  await page.waitForFunction(() => document.querySelectorAll('#files li').length === 1);
  const listed = await page.evaluate(() => ({ text: document.querySelector('#files li').textContent, markup: document.querySelectorAll('#files i').length }));
  check('a dropped file is listed, its name as text', listed.text.startsWith('<i>tale</i>.txt') && listed.markup === 0);
}

/** Every fault in a browser context of its own. */
export async function faults({ browser, dist, device, check }) {
  const within = async (workerFault, run) => {
    const server = await serve(dist, { workerFault });
    const context = await browser.newContext();
    try {
      const { page } = await openPage(context, server.url);
      await run(page, context, server.url);
    } finally {
      await context.close();
      await server.close();
    }
  };
  await within(undefined, (page) => badTexts(page, check));
  await within(FAULTS.noStorage, async (page) => {
    check('no storage: it says so before anything is lost', /Nothing can be kept.*denied here.*download/i.test(await page.textContent('#notices')));
    await start(page, device);
    await waitFor(page, 'ready', { when: ({ finished }) => finished });
    check('no storage: it trains to its end all the same', true);
  });
  await within(FAULTS.quota, async (page) => {
    await start(page, device);
    await waitFor(page, 'ready', { when: ({ finished }) => finished });
    check('storage full: it says so and goes on', /storage.*full.*download the model/i.test(await page.textContent('#notices')));
  });
  if (device === 'wasm') {
    await within(FAULTS.memory, async (page) => {
      await start(page, device, { width: 512, layers: 4, heads: 8, length: 128, batch: 8 });
      check('out of memory: it says to take a smaller model', /memory.*smaller model/i.test(await problemShown(page)));
      check('out of memory: it can start again', await page.isVisible('#start'));
    });
  }
  await within(FAULTS.crash, async (page) => {
    await start(page, device, LONG);
    check('the worker crashes: it says so and what to do', /worker that trains ended.*boom.*(Go on|Start again)/i.test(await problemShown(page)));
    await page.waitForFunction(() => globalThis.reports.filter(({ type }) => type === 'opened').length >= 2);
    check('the worker crashes: another takes its place', await page.isVisible('#start'));
  });
  await within(FAULTS.hang, async (page) => {
    await start(page, device, LONG);
    await page.waitForTimeout(3000);
    await page.click('#stop');
    check('the worker hangs: Stop ends it', /did not answer.*(Go on|Start again)/i.test(await problemShown(page)));
  });
  await within(undefined, async (page, context, url) => {
    await start(page, device, LONG);
    await waitFor(page, 'saved');
    const other = await openPage(context, url);
    await start(other.page, device, LONG);
    await other.page.click('#confirm-yes');
    await waitFor(other.page, 'notice');
    check('a second tab: it says that the first one holds the saved run', /another tab/i.test(await other.page.textContent('#notices')));
    await other.page.close();
    await hide(page, true);
    await page.waitForTimeout(4500);
    await hide(page, false);
    check('back from another tab: it says whether training went on', /went on while this tab|held training up/i.test(await page.textContent('#notices')));
    await page.click('#stop');
    await waitFor(page, 'ready');
    await page.waitForTimeout(500);
    await damage(page);
    await page.reload();
    await page.click('#saved-load');
    await waitFor(page, 'ready');
    check('a damaged checkpoint: the one before it is used, and it says so', /damaged.*before/i.test(await page.textContent('#notices')));
    await fillSettings(page, device, { heads: 7 });
    await page.click('#use-sample');
    await page.click('#start');
    check('settings that do not fit: it names them', /divided by heads/i.test(await problemShown(page)));
  });
  if (device === 'wasm') {
    await within(undefined, async (page) => {
      await page.selectOption('#device', 'webgpu');
      await waitFor(page, 'problem');
      check('WebGPU where there is none: it says why and what to choose', /webgpu/i.test(await page.textContent('#device-found')) && /WebAssembly/.test(await page.textContent('#device-found')));
      await page.click('#use-sample');
      await page.click('#start');
      check('and training on it ends in the same sentence', /WebAssembly/.test(await problemShown(page)));
    });
  }
}

function hide(page, hidden) {
  return page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

/** Changes one byte in the weights of the newest checkpoint. */
function damage(page) {
  return page.evaluate(async () => {
    const run = await (await navigator.storage.getDirectory()).getDirectoryHandle('run');
    const stepOf = async (slot) => JSON.parse(await (await (await slot.getFileHandle('done.json')).getFile()).text()).step;
    const slots = [];
    for (const name of ['a', 'b']) {
      const slot = await run.getDirectoryHandle(name);
      slots.push({ slot, step: await stepOf(slot) });
    }
    const [{ slot }] = slots.sort((a, b) => b.step - a.step);
    const file = await slot.getFileHandle('model.safetensors');
    const bytes = new Uint8Array(await (await file.getFile()).arrayBuffer());
    bytes[bytes.length - 3] ^= 1;
    const writable = await file.createWritable();
    await writable.write(bytes);
    await writable.close();
  });
}
