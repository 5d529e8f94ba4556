import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batches } from '../batches.ts';
import type { Collate, DrawnRow } from '../collate.ts';
import { fillRow, IGNORED, packDocuments, tokensInRow } from '../packing/pack-documents.ts';
import { rowRandom } from '../row-random.ts';
import { blankInfilling } from './blank-infilling.ts';
import { documentBlank, sentenceBlanks, shortBlanks } from './blanks.ts';
import { denoisers, ul2 } from './denoisers.ts';
import { fillInTheMiddle } from './fill-in-the-middle.ts';
import { maskedTokens } from './masked-tokens.ts';
import { noiseCounts, noiseSpans, roundHalfEven } from './noise-spans.ts';
import { prefixLm } from './prefix-lm.ts';
import { spanCorruption } from './span-corruption.ts';

const [EOS, MASK, GMASK, SOP, EOP, SENTINEL] = [1, 2, 3, 4, 5, 999];
const FIRST_TOKEN = 10;

/** A row with several documents, each a few tokens and eos, and perhaps padding. */
const row = fc.tuple(fc.array(fc.array(fc.integer({ min: FIRST_TOKEN, max: 60 }), { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 4 }), fc.nat(9), fc.nat()).map(
  ([documents, room, seed]): DrawnRow => {
    const length = documents.reduce((sum, document) => sum + document.length + 1, 0) + room;
    return { rows: packDocuments(documents, { length, eos: EOS, padId: 0 }), index: 0, length, random: rowRandom({ seed, epoch: 0, row: 0 }) };
  },
);
const textOf = ({ rows, length }: DrawnRow): number[] => [...fillRow(rows, 0, { length: Math.min(length, tokensInRow(rows, 0)) }).ids];

/** The text again: each sentinel of the source gives way to what the target says about it. */
function restored(source: readonly number[], target: readonly number[], isSentinel: (id: number) => boolean): number[] {
  const contents = new Map<number, number[]>();
  let open: number[] = [];
  for (const id of target) {
    if (isSentinel(id)) contents.set(id, open = []);
    else open.push(id);
  }
  return source.flatMap((id) => (isSentinel(id) ? contents.get(id)! : [id]));
}

describe('nothing is lost', () => {
  const pairs: [string, Collate<ReturnType<ReturnType<typeof spanCorruption>>>, number][] = [
    ['span corruption', spanCorruption({ sentinelId: SENTINEL, eosId: EOS }), 0],
    ['UL2', denoisers(ul2({ regularId: 6, sequentialId: 7, extremeId: 8 }), { sentinelId: SENTINEL, eosId: EOS }), 1],
  ];
  test.each(pairs)('%s: source and target give the text again', (_, collate, modes) => {
    fc.assert(fc.property(row, (drawn) => {
      const { encoder, decoder, targets } = collate([drawn]);
      const source = [...encoder.ids].filter((_, i) => encoder.segments[i] === 0).slice(modes);
      const target = [...targets].filter((id) => id !== IGNORED);
      expect(source.at(-1)).toBe(EOS);
      expect(target.at(-1)).toBe(EOS);
      const isSentinel = (id: number): boolean => id > SENTINEL - 100;
      const sentinels = source.filter(isSentinel);
      expect(sentinels).toEqual(sentinels.map((_, i) => SENTINEL - i));
      expect(target.filter(isSentinel)).toEqual(sentinels);
      expect(restored(source.slice(0, -1), target.slice(0, -1), isSentinel)).toEqual(textOf(drawn));
      expect([...decoder.ids].slice(0, target.length)).toEqual([0, ...target.slice(0, -1)]);
    }));
  });

  test('blanks: part A and part B give the text again, and no blank covers a special token or two documents', () => {
    const collate = blankInfilling([
      shortBlanks({ maskId: MASK }), sentenceBlanks({ maskId: MASK, endsSentence: (id) => id % 5 === 0 }), documentBlank({ maskId: GMASK }),
    ], { startId: SOP, endId: EOP, specialIds: [EOS], mostBlanks: 40 });
    fc.assert(fc.property(row, (drawn) => {
      const { ids, targets, positions, blockPositions, segments, prefixes: [prefix = 0], length } = collate([drawn]);
      expect(length).toBe(drawn.length + 80);
      // Each piece of part B by its document and the position of its blank.
      const contents = new Map<string, number[]>();
      for (let i = prefix; i < length; i++) {
        if (targets[i] === IGNORED) continue;
        const key = `${segments[i]},${positions[i]}`;
        if (blockPositions[i] === 1) contents.set(key, []);
        expect(ids[i]).toBe(blockPositions[i] === 1 ? SOP : contents.get(key)!.at(-1));
        expect(blockPositions[i]).toBe(contents.get(key)!.length + 1);
        contents.get(key)!.push(targets[i]!);
      }
      for (const content of contents.values()) {
        expect(content.pop()).toBe(EOP);
        expect(content).not.toContain(EOS);
      }
      const text = Array.from(ids.subarray(0, prefix)).flatMap((id, i) => (id === MASK || id === GMASK ? contents.get(`${segments[i]},${positions[i]}`)! : [id]));
      expect(text).toEqual(textOf(drawn));
      expect(Array.from(targets.subarray(0, prefix)).every((target) => target === IGNORED)).toBe(true);
    }));
  });

  test('too many blanks: the rest stays text', () => {
    const drawn: DrawnRow = { rows: packDocuments([Array.from({ length: 200 }, (_, i) => 10 + (i % 50))], { length: 200 }), index: 0, length: 200, random: rowRandom({ seed: 1, epoch: 0, row: 0 }) };
    const { ids, length, prefixes: [prefix = 0] } = blankInfilling([shortBlanks({ maskId: MASK })], { startId: SOP, endId: EOP, mostBlanks: 3 })([drawn]);
    expect(length).toBe(206);
    expect([...ids.subarray(0, prefix)].filter((id) => id === MASK).length).toBe(3);
  });

  test('masked tokens: with the targets put back the row is as it was', () => {
    const collate = maskedTokens({ maskId: MASK, vocabSize: 61, specialIds: [EOS], rate: 0.4 });
    fc.assert(fc.property(row, (drawn) => {
      const { ids, targets } = collate([drawn]);
      expect(Array.from(ids, (id, i) => (targets[i] === IGNORED ? id : targets[i]!))).toEqual([...fillRow(drawn.rows, 0).ids]);
      expect([...targets].some((target) => target === EOS || target === 0)).toBe(false);
    }));
  });

  test('the middle: put back between prefix and suffix, in either order', () => {
    const ids = { prefixId: 1, suffixId: 2, middleId: 3 };
    fc.assert(fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { maxLength: 8 }), fc.nat(), (texts, seed) => {
      const encode = (text: string): number[] => [...text].map((character) => 10 + character.codePointAt(0)!);
      const found = [...fillInTheMiddle(texts, { ...ids, seed, encode })];
      expect(found.length).toBe(texts.length);
      found.forEach((document, i) => {
        const all = Array.from(document);
        const [suffixAt, middleAt] = [all.indexOf(2), all.indexOf(3)];
        const text = all[0] !== 1 ? all : suffixAt === 1
          ? [...all.slice(middleAt + 1), ...all.slice(2, middleAt)]
          : [...all.slice(1, suffixAt), ...all.slice(middleAt + 1), ...all.slice(suffixAt + 1, middleAt)];
        expect(text).toEqual(encode(texts[i]!));
      });
    }));
  });
});

describe('as often as asked', () => {
  const rows = packDocuments([Array.from({ length: 64_000 }, (_, i) => FIRST_TOKEN + (i % 1000))], { length: 512 });

  test('15 % of the tokens are hidden: 80 % [MASK], 10 % random, 10 % as they are', () => {
    const counts = { hidden: 0, masked: 0, kept: 0 };
    for (const { ids, targets } of batches(rows, { batch: 25, seed: 1, epochs: 1, collate: maskedTokens({ maskId: MASK, vocabSize: 1010 }) })) {
      targets.forEach((target, i) => {
        if (target === IGNORED) return;
        counts.hidden++;
        counts.masked += Number(ids[i] === MASK);
        counts.kept += Number(ids[i] === target);
      });
    }
    // 9600 of 64 000, standard deviation 90; of these 7680 ± 39, and 960 ± 29, with one in a thousand of the random ones besides.
    expect(Math.abs(counts.hidden - 9600)).toBeLessThan(450);
    expect(Math.abs(counts.masked / counts.hidden - 0.8)).toBeLessThan(0.02);
    expect(Math.abs(counts.kept / counts.hidden - 0.1)).toBeLessThan(0.016);
  });

  test('spans of T5 begin anywhere: the first one is at each of its places about equally often', () => {
    // 2 of 10 tokens in one span: 8 others in front, at all places equally likely only in the one way to cut 8 into one part.
    expect(noiseCounts(10, { density: 0.2, meanLength: 2 })).toEqual({ noise: 2, spans: 1 });
    // Two spans of 2 of 8 tokens: 3 ways to cut the others into 1 + 5 … 5 + 1, and one to cut 2 into 1 + 1.
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 5000; i++) counts[noiseSpans(8, { density: 0.25, meanLength: 1, random: rowRandom({ seed: 2, epoch: 0, row: i }) })[0]!.from]!++;
    // 1000 each, standard deviation 28.
    expect([counts[0], counts[6]]).toEqual([0, 0]);
    for (const count of counts.slice(1, 6)) expect(Math.abs(count - 1000)).toBeLessThan(140);
  });

  test('blanks hold 15 % or a little more, and half of the documents or more where one is long', () => {
    const share = (choice: Parameters<typeof blankInfilling>[0][0]): number => {
      let [out, all] = [0, 0];
      for (const { targets } of batches(rows, { batch: 25, seed: 1, epochs: 1, collate: blankInfilling([choice], { startId: SOP, endId: EOP }) })) {
        out += targets.filter((target) => target !== IGNORED && target !== EOP).length;
        all += 25 * 512;
      }
      return out / all;
    };
    expect(share(shortBlanks({ maskId: MASK }))).toBeGreaterThan(0.149);
    expect(share(shortBlanks({ maskId: MASK }))).toBeLessThan(0.157);
    // Uniform from a half to all.
    expect(Math.abs(share(documentBlank({ maskId: GMASK })) - 0.75)).toBeLessThan(0.05);
  });

  test('half of the documents are rearranged, half of these with the suffix first', () => {
    const found = [...fillInTheMiddle(Array.from({ length: 4000 }, () => [7, 7, 7]), { prefixId: 1, suffixId: 2, middleId: 3, seed: 5 })].map((ids) => Array.from(ids));
    const moved = found.filter(([first]) => first === 1);
    expect(Math.abs(moved.length - 2000)).toBeLessThan(160);
    expect(Math.abs(moved.filter(([, second]) => second === 2).length / moved.length - (0.5 + 0.5 * 0.4375))).toBeLessThan(0.06);
  });
});

test('halves go to the even number, as numpy and Python round', () => {
  expect([0.5, 1.5, 2.5, 2.4, 2.6, 3.5].map(roundHalfEven)).toEqual([0, 2, 2, 2, 3, 4]);
});

test('a row of one token is left as it is', () => {
  const drawn = (): DrawnRow => ({ rows: packDocuments([[7]], { length: 6 }), index: 0, length: 6, random: rowRandom({ seed: 0, epoch: 0, row: 0 }) });
  const { encoder, targets } = spanCorruption({ sentinelId: SENTINEL, eosId: EOS })([drawn()]);
  expect([...encoder.ids].slice(0, 2)).toEqual([7, EOS]);
  expect([...targets].slice(0, 2)).toEqual([EOS, IGNORED]);
  expect(prefixLm([drawn()]).targetCount).toBe(0);
  expect(blankInfilling([shortBlanks({ maskId: MASK })], { startId: SOP, endId: EOP })([drawn()]).targetCount).toBe(0);
});

test.each([
  [() => maskedTokens({ maskId: 1, vocabSize: 9, rate: 1.5 }), 'expected rate from 0 to 1 but found 1.5'],
  [() => maskedTokens({ maskId: 1, vocabSize: 9, maskShare: 0.8, randomShare: 0.3 }), 'expected maskShare + randomShare from 0 to 1 but found 1.1'],
  [() => spanCorruption({ sentinelId: 9, eosId: 1, density: 0 }), 'expected density between 0 and 1 but found 0'],
  [() => spanCorruption({ sentinelId: 9, eosId: 1, meanLength: 0.5 }), 'expected meanLength from 1 on but found 0.5'],
  [() => batches(packDocuments([Array.from({ length: 90 }, () => 3)], { length: 90 }), { batch: 1, seed: 0, collate: spanCorruption({ sentinelId: 9, sentinels: 3, eosId: 1 }) })[Symbol.iterator]().next(), 'expected at most 3 spans in a row, as many as there are sentinels, but found 5'],
  [() => denoisers([], { sentinelId: 9, eosId: 1 }), 'expected at least one denoiser'],
  [() => blankInfilling([], { startId: 1, endId: 2 }), 'expected at least one kind of blanks'],
  [() => [...fillInTheMiddle([[1]], { prefixId: 1, suffixId: 2, middleId: 3, seed: 0, rate: 2 })], 'expected rate from 0 to 1 but found 2'],
])('what makes no sense is refused (%#)', (make, message) => {
  expect(make).toThrow(message);
  expect(make).toThrow(RangeError);
});

test('texts without a way to encode them are refused', () => {
  const documents = ['a text'] as unknown as number[][];
  expect(() => [...fillInTheMiddle(documents, { prefixId: 1, suffixId: 2, middleId: 3, seed: 0 })]).toThrow(TypeError);
});
