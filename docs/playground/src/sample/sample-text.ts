import { PLOTS } from './plots.ts';
import { ANIMALS, BROKEN, FOODS, JOBS, LOOKS, PEOPLE, PLACES, PLANTS, RACES, SKILLS, SOUNDS, THINGS } from './words.ts';

/**
 * The text that the page offers: short stories that a small grammar tells, the same ones for the same seed.
 *
 * A model of half a million numbers that sees a text for two minutes learns to write sentences only where the language is small
 * and regular. So the stories share their words and their ways of saying things, while people, places, things and what happens
 * differ. What was decided at the beginning of a story (who, where, which thing) holds until its end, so that there is something
 * to learn beyond the next word. Every sentence was written for this page.
 */
export function sampleText({ seed = 1, stories = 160 }: { seed?: number; stories?: number } = {}): string {
  const random = mulberry32(seed);
  const told: string[] = [];
  for (let i = 0; i < stories; i++) told.push(story(i, random));
  return `${told.join('\n\n')}\n`;
}

type Random = () => number;
const oneOf = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)]!;

/** Two or more different ones. */
function some<T>(list: readonly T[], count: number, random: Random): T[] {
  const left = [...list];
  return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)[0]!);
}

/** Plots take turns, so that a text of any length has all of them. */
function story(index: number, random: Random): string {
  const [hero, friend] = some(PEOPLE, 2, random);
  const [job, fjob, job2, job3] = some(JOBS, 4, random);
  const look = oneOf(LOOKS, random);
  const animal = oneOf(ANIMALS, random);
  const words: Record<string, string> = {
    hero: hero!.name, he: hero!.he, him: hero!.him, his: hero!.his, reflexive: hero!.he === 'she' ? 'herself' : 'himself',
    friend: friend!.name, fhe: friend!.he, fhim: friend!.him, fhis: friend!.his,
    job: job!, fjob: fjob!, job2: job2!, job3: job3!,
    look, 'a look': withArticle(look), thing: oneOf(THINGS, random), food: oneOf(FOODS, random), plant: oneOf(PLANTS, random),
    animal, 'a animal': withArticle(animal),
    ...oneOf(PLACES, random), ...oneOf(SKILLS, random), ...oneOf(SOUNDS, random), ...oneOf(BROKEN, random), ...oneOf(RACES, random),
  };
  return PLOTS[index % PLOTS.length]!.map((beat) => sentence(oneOf(beat, random), words, random)).join(' ');
}

const withArticle = (word: string): string => `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`;

/** Fills a template in: first the choices, then the words, which may hold words themselves, then the capital letter. */
function sentence(template: string, words: Readonly<Record<string, string>>, random: Random): string {
  let text = template.replace(/\[([^\]]+)\]/g, (_, choices: string) => oneOf(choices.split('|'), random));
  for (let depth = 0; depth < 2; depth++) text = text.replace(/\{([^}]+)\}/g, (_, name: string) => words[name] ?? `{${name}}`);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A small generator of random numbers in [0, 1); its constants are those of Mulberry32. */
function mulberry32(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
