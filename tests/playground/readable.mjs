// What a visitor gets who changes nothing: sentences, in two minutes, without a graphics card.
import { openPage, reportsOf, waitFor } from './browser-page.mjs';

const MOST_SECONDS = 120;

/** The sample text and the settings as they are, on WebAssembly. */
export async function readable({ context, url, check }) {
  const { page } = await openPage(context, url);
  await page.click('#use-sample');
  await page.selectOption('#device', 'wasm');
  await waitFor(page, 'device', { when: ({ name }) => name === 'wasm' });
  const sample = await page.inputValue('#source');
  check('the sample has 60 to 100 thousand characters', sample.length > 60_000 && sample.length <= 100_000, `${sample.length}`);
  const started = Date.now();
  await page.click('#start');
  const { steps } = await waitFor(page, 'ready', { when: ({ finished }) => finished });
  const seconds = (Date.now() - started) / 1000;
  const [{ facts }] = await reportsOf(page, 'run');
  check('it is trained within two minutes', seconds <= MOST_SECONDS, `${seconds.toFixed(0)} s for ${steps} steps, ${facts.parameters} parameters`);
  await page.fill('#prompt', 'Once there was a');
  await page.fill('#max-tokens', '150');
  await page.click('#write-start');
  await waitFor(page, 'written');
  const text = `Once there was a${(await reportsOf(page, 'token')).map(({ token }) => token.text).join('')}`;
  const words = (of) => of.toLowerCase().match(/[a-z]+/g) ?? [];
  const pairs = (list) => list.slice(1).map((word, i) => `${list[i]} ${word}`);
  const known = new Set(words(sample));
  const knownPairs = new Set(pairs(words(sample)));
  const share = (list, set) => list.filter((each) => set.has(each)).length / list.length;
  const [ofWords, ofPairs] = [share(words(text), known), share(pairs(words(text)), knownPairs)];
  console.log(`      ${text.replaceAll('\n', ' ').slice(0, 400)}`);
  check('it writes words, and in an order that words have', words(text).length > 20 && ofWords >= 0.97 && ofPairs >= 0.8, `${(100 * ofWords).toFixed(0)} % of the words and ${(100 * ofPairs).toFixed(0)} % of the pairs are those of the text`);
  const held = (await reportsOf(page, 'held')).map(({ held: { loss } }) => loss);
  check('it has learnt what it never saw', held.at(-1) < 0.3 * held[0], `held-out loss ${held[0].toFixed(2)} to ${held.at(-1).toFixed(2)}`);
  await page.close();
}
