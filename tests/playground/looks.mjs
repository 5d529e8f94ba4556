// What can be seen and reached: no sideways scroll, labels, contrast, the way of the Tab key; and pictures to look at.
import { join } from 'node:path';
import { openPage, waitFor } from './browser-page.mjs';
import { fillSettings } from './journey.mjs';

/** Problems that a reader of the markup would find: labels, names, ids, headings. Runs in the page. */
function markupProblems() {
  const problems = [];
  const shown = (element) => element.checkVisibility();
  for (const control of document.querySelectorAll('input, select, textarea')) {
    if (control.labels.length === 0 && !control.getAttribute('aria-label')) problems.push(`no label: #${control.id}`);
  }
  for (const button of document.querySelectorAll('button, a, summary')) if (shown(button) && button.textContent.trim() === '') problems.push(`no name: ${button.outerHTML.slice(0, 60)}`);
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  if (new Set(ids).size !== ids.length) problems.push('an id is there twice');
  for (const attribute of ['for', 'aria-labelledby', 'aria-describedby']) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) for (const id of element.getAttribute(attribute).split(' ')) if (!ids.includes(id)) problems.push(`${attribute} names ${id}, which is not there`);
  }
  const levels = [...document.querySelectorAll('h1, h2, h3')].filter(shown).map(({ tagName }) => Number(tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1 || levels.some((level, i) => i > 0 && level > levels[i - 1] + 1)) problems.push('headings skip a level');
  for (const image of document.querySelectorAll('svg')) if (!image.getAttribute('aria-label') && image.getAttribute('aria-hidden') !== 'true') problems.push('a picture without a text');
  if (!document.documentElement.lang || document.querySelectorAll('main').length !== 1) problems.push('no language or no main');
  return problems;
}

/** Texts whose contrast with what lies behind is below 4.5. Runs in the page. */
function faintTexts() {
  const numbers = (colour) => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)).reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let each = element; each !== null; each = each.parentElement) {
      const colour = numbers(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return numbers('white');
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if (node.textContent.trim() === '' || !element.checkVisibility() || element.closest('.unseen, svg, :disabled')) continue;
    const [a, b] = [light(numbers(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.add(`"${node.textContent.trim().slice(0, 24)}" ${ratio.toFixed(2)}`);
  }
  return [...found];
}

/** Everything that takes the focus, by the way of the Tab key from the top of the page. */
async function tabWay(page) {
  // A smooth scroll would still be under way when the place of the focus is read.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.evaluate(() => {
    let next = 0;
    const all = document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]');
    for (const element of all) if (element.tabIndex >= 0 && element.checkVisibility({ visibilityProperty: true }) && !element.disabled) element.dataset.stop = String(next++);
    document.activeElement?.blur();
    scrollTo(0, 0);
  });
  const wanted = await page.locator('[data-stop]').count();
  const reached = new Map();
  for (let i = 0; i < wanted + 5; i++) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate(() => {
      const element = document.activeElement;
      if (element?.dataset.stop === undefined) return undefined;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const { top, bottom } = element.getBoundingClientRect();
      return { stop: element.dataset.stop, name: element.id || element.textContent.slice(0, 20), ring: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2, inSight: bottom > 0 && top < innerHeight };
    });
    if (found !== undefined) reached.set(found.stop, found);
  }
  const missed = await page.evaluate((have) => [...document.querySelectorAll('[data-stop]')].filter((each) => !have.includes(each.dataset.stop)).map((each) => each.id || each.textContent.slice(0, 20)), [...reached.keys()]);
  await page.evaluate(() => { for (const each of document.querySelectorAll('[data-stop]')) delete each.dataset.stop; });
  return { wanted, missed, hidden: [...reached.values()].filter(({ ring, inSight }) => !ring || !inSight).map(({ name }) => name) };
}

const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Looks at the page empty and after a run, at three widths, light and dark; leaves pictures in `folder`. */
export async function looks({ context, url, device, folder, check }) {
  const { page, complaints } = await openPage(context, url);
  await waitFor(page, 'device');
  const views = async (name) => {
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const width of [360, 768, 1280]) {
        await page.setViewportSize({ width, height: width === 360 ? 740 : 900 });
        await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
        const beyond = await sideways(page);
        check(`${name}, ${width} px, ${scheme}: no sideways scroll`, beyond <= 0, beyond > 0 ? `${beyond} px too wide` : '');
        // A bar that sticks would lie across the picture of the whole page.
        await page.evaluate(() => { scrollTo(0, 0); document.querySelector('.steps').style.position = 'static'; });
        await page.screenshot({ path: join(folder, `${name}-${width}-${scheme}.png`), fullPage: true });
        await page.evaluate(() => { document.querySelector('.steps').style.position = ''; });
      }
      const faint = await page.evaluate(faintTexts);
      check(`${name}, ${scheme}: every text has a contrast of 4.5`, faint.length === 0, faint.slice(0, 4).join('; '));
    }
    const problems = await page.evaluate(markupProblems);
    check(`${name}: every control has a label, every reference a target`, problems.length === 0, problems.slice(0, 4).join('; '));
    const { wanted, missed, hidden } = await tabWay(page);
    check(`${name}: Tab reaches all controls, each with a visible focus`, missed.length === 0 && hidden.length === 0, missed.length > 0 ? `missed ${missed.join(', ')}` : `${wanted} stops${hidden.length > 0 ? `, not visible: ${hidden.join(', ')}` : ''}`);
  };
  await views('empty');
  const moving = await page.evaluate(() => [...document.querySelectorAll('*')].some((each) => parseFloat(getComputedStyle(each).transitionDuration) > 0) || getComputedStyle(document.documentElement).scrollBehavior === 'smooth');
  check('nothing moves for who asked for less motion', !moving);

  await page.click('#use-sample');
  await fillSettings(page, device);
  await page.click('#advanced summary');
  await page.click('#start');
  await waitFor(page, 'steps');
  await waitFor(page, 'ready', { when: ({ finished }) => finished });
  await page.fill('#max-tokens', '80');
  // Texts are drawn at random, and some end after a few tokens.
  const tokens = page.locator('#tokens .token');
  for (let texts = 1; await tokens.count() < 10 && texts <= 20; texts++) {
    await page.click('#write-start');
    await waitFor(page, 'written', { count: texts });
  }
  await tokens.nth(9).click();
  await page.evaluate(() => { for (const each of document.querySelectorAll('details')) each.open = true; });
  await views('trained');
  check('live regions: alerts for problems, a polite one for progress', await page.locator('[role=alert]').count() >= 3 && await page.locator('[role=status][aria-live=polite]').count() === 1
    && (await page.textContent('#announce')).length > 0);
  check('no complaint on the console', complaints.length === 0, complaints[0]);
  await page.close();
}
