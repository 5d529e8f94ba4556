// Chromium with the playground open in it, and what the page and its worker say to each other.
import { chromium } from 'playwright-core';
import { findChromium } from '../../tools/find-chromium.mjs';

// SwiftShader takes seconds for each program unless Dawn zeroes workgroup memory itself.
const gpuArguments = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension'];
const plainArguments = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A browser, with WebGPU on a software adapter or without WebGPU. */
export async function launch({ webgpu }) {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('playground: expected Chromium on PATH or in CHROMIUM but found none.');
  return chromium.launch({ executablePath, args: [...plainArguments, ...(webgpu ? gpuArguments : ['--disable-features=WebGPU'])] });
}

/** Runs in the page before its own scripts: keeps every report of the worker. */
function keepReports() {
  globalThis.reports = [];
  globalThis.refused = [];
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => globalThis.refused.push(`${violatedDirective} refused ${blockedURI}`));
  const Plain = globalThis.Worker;
  globalThis.Worker = class extends Plain {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data }) => globalThis.reports.push(data.type === 'folder' ? { type: 'folder' } : data));
    }
  };
}

/** A page at the playground; `complaints` gathers what the console and the content policy object to. */
export async function openPage(context, url) {
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.addInitScript(keepReports);
  await page.goto(url);
  await page.waitForFunction(() => globalThis.reports.some(({ type }) => type === 'opened'));
  return { page, complaints };
}

/** All reports of a type so far. */
export const reportsOf = (page, type) => page.evaluate((wanted) => globalThis.reports.filter((report) => report.type === wanted), type);

/** The first report of a type for which `when` holds, or the one of that number; an error where a problem is reported instead, or none comes in time. */
export async function waitFor(page, type, { when = () => true, count = 1, seconds = 300 } = {}) {
  for (const end = Date.now() + 1000 * seconds; Date.now() < end;) {
    const found = (await reportsOf(page, type)).filter(when)[count - 1];
    if (found !== undefined) return found;
    const [problem] = type === 'problem' ? [] : await reportsOf(page, 'problem');
    if (problem !== undefined) throw new Error(`waited for ${type} but found the problem: ${problem.problem.text} ${problem.problem.remedy}`);
    await page.waitForTimeout(100);
  }
  throw new Error(`waited ${seconds} s for ${type}, in vain; the page says: ${await page.textContent('#stage')}`);
}
