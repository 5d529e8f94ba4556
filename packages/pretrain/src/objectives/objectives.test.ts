import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Collate, DrawnRow } from '../collate.ts';
import { IGNORED, packDocuments } from '../packing/pack-documents.ts';
import type { Random } from '../row-random.ts';
import { blankInfilling } from './blank-infilling.ts';
import { documentBlank, sentenceBlanks, shortBlanks } from './blanks.ts';
import { denoisers, ul2 } from './denoisers.ts';
import { rearranged } from './fill-in-the-middle.ts';
import { maskedTokens } from './masked-tokens.ts';
import { prefixLm } from './prefix-lm.ts';
import { spanCorruption, spanCorruptionLengths } from './span-corruption.ts';

interface Pair { ids: number[]; draws: number[]; source: number[]; target: number[]; decoder: number[] }
interface Fixtures {
  masked: {
    rows: number[][]; length: number; vocab: number; starts: number[];
    cases: {
      name: string; draws: number[][]; ids: number[][]; labels: number[][];
      options: { mlm_probability?: number; mask_replace_prob?: number; random_replace_prob?: number; whole_word_mask?: boolean };
    }[];
  };
  spans: { sentinel: number; eos: number; cases: (Pair & { density: number; mean: number })[]; lengths: { inputs: number; density: number; mean: number; expected: [number, number] }[] };
  denoisers: { sentinel: number; eos: number; modes: { R: number; S: number; X: number }; cases: Pair[] };
  blanks: {
    special: number[]; masks: [number, number, number]; start: number; end: number; stop: number[];
    cases: { name: string; texts: number[][]; ids: number[]; targets: number[]; positions: number[]; blocks: number[]; prefix: number; sees: string[]; draws: number[] }[];
  };
  middle: { rate: number; cases: { ids: number[]; draws: number[]; expected: number[] }[] };
  prefix: { ids: number[]; draws: number[]; prefix: number; labels: number[]; sees: string[] }[];
}
const fixtures = JSON.parse(readFileSync(new URL('fixtures/objectives.json', import.meta.url), 'utf8')) as Fixtures;

/** The recorded numbers one after the other; asking for more than the reference drew fails, and `spent` tells whether all were asked for. */
function recorded(draws: readonly number[]): Random & { spent(): boolean } {
  let next = 0;
  return Object.assign(() => {
    if (next === draws.length) throw new Error(`more than the ${draws.length} numbers of the reference`);
    return draws[next++]!;
  }, { spent: () => next === draws.length });
}

/** A batch of one row that holds the given documents, with the recorded numbers; checks that all of these were asked for. */
function collated<B>(collate: Collate<B>, { documents, draws, length = documents.flat().length }: { documents: number[][]; draws: number[]; length?: number }): B {
  const random = recorded(draws);
  const row: DrawnRow = { rows: packDocuments(documents, { length, padId: 0 }), index: 0, length, random };
  const batch = collate([row]);
  expect(random.spent()).toBe(true);
  return batch;
}

/** Which token of a row sees which, as attention has it from what the batch says. */
function visible({ segments, length, prefixes: [prefix = 0] }: { segments: Int32Array; length: number; prefixes: Int32Array }, size: number): string[] {
  expect(length).toBeGreaterThanOrEqual(size);
  return Array.from({ length: size }, (_, q) => Array.from({ length: size }, (_, k) => Number(segments[q] === segments[k] && (k < prefix || k <= q))).join(''));
}

describe('masked tokens are those of transformers', () => {
  const { rows, length, vocab, starts, cases } = fixtures.masked;
  test.each(cases)('$name', ({ options, draws, ids, labels }) => {
    const collate = maskedTokens({
      maskId: 3, vocabSize: vocab, specialIds: [0, 1, 2, 3, 4],
      ...(options.mlm_probability === undefined ? {} : { rate: options.mlm_probability }),
      ...(options.mask_replace_prob === undefined ? {} : { maskShare: options.mask_replace_prob }),
      ...(options.random_replace_prob === undefined ? {} : { randomShare: options.random_replace_prob }),
      ...(options.whole_word_mask ? { startsWord: (id: number) => starts.includes(id) } : {}),
    });
    for (const [i, row] of rows.entries()) {
      const batch = collated(collate, { documents: [row], draws: draws[i]!, length });
      expect([...batch.ids]).toEqual(ids[i]);
      expect([...batch.targets]).toEqual(labels[i]);
      // Padding is seen by no one.
      expect([...batch.segments]).toEqual(Array.from({ length }, (_, at) => (at < row.length ? 0 : -1)));
    }
  });
});

describe('corrupted spans are those of T5', () => {
  const { sentinel, eos, cases, lengths } = fixtures.spans;
  test.each(cases)('$ids.length tokens, density $density, mean $mean', ({ ids, density, mean, draws, source, target, decoder }) => {
    const batch = collated(spanCorruption({ sentinelId: sentinel, eosId: eos, density, meanLength: mean }), { documents: [ids], draws });
    expect([...batch.encoder.ids]).toEqual(source);
    expect([...batch.targets]).toEqual(target);
    expect([...batch.decoder.ids]).toEqual(decoder);
    expect(batch.encoder.packed || batch.decoder.packed).toBe(false);
  });
  test.each(lengths)('rows whose text fits $inputs tokens, density $density, mean $mean', ({ inputs, density, mean, expected: [rowLength, decoderLength] }) => {
    expect(spanCorruptionLengths({ encoderLength: inputs, density, meanLength: mean })).toEqual({ rowLength, decoderLength });
  });
});

test('denoisers are those of UL2', () => {
  const { sentinel, eos, modes, cases } = fixtures.denoisers;
  const collate = denoisers(ul2({ regularId: modes.R, sequentialId: modes.S, extremeId: modes.X }), { sentinelId: sentinel, eosId: eos });
  const shapes = new Set<string>();
  for (const { ids, draws, source, target, decoder } of cases) {
    const { encoder, decoder: { length, ids: decoderIds, segments }, targets } = collated(collate, { documents: [ids], draws });
    shapes.add(`${encoder.length},${length}`);
    expect([...encoder.ids.subarray(0, source.length)]).toEqual(source);
    expect([...targets.subarray(0, target.length)]).toEqual(target);
    expect([...decoderIds.subarray(0, target.length)]).toEqual(decoder);
    for (const [values, from, padding] of [[encoder.ids, source.length, 0], [encoder.segments, source.length, -1], [targets, target.length, IGNORED], [segments, target.length, -1]] as const) {
      expect([...values.subarray(from)].every((value) => value === padding)).toBe(true);
    }
  }
  expect(cases.length).toBe(7);
  expect(shapes.size).toBe(1);
});

describe('blanks are those of GLM', () => {
  const { special, masks: [maskId, sentenceId, documentId], start, end, stop, cases } = fixtures.blanks;
  const collate = blankInfilling(
    [shortBlanks({ maskId }), sentenceBlanks({ maskId: sentenceId, endsSentence: (id) => stop.includes(id) }), documentBlank({ maskId: documentId })],
    { startId: start, endId: end, specialIds: special },
  );
  test.each(cases)('$name, $texts.length texts', ({ texts, draws, ids, targets, positions, blocks, prefix, sees }) => {
    const batch = collated(collate, { documents: texts, draws });
    const size = ids.length;
    expect([...batch.prefixes]).toEqual([prefix]);
    for (const [values, expected, padding] of [[batch.ids, ids, 0], [batch.targets, targets, IGNORED], [batch.positions, positions, 0], [batch.blockPositions, blocks, 0]] as const) {
      expect([...values.subarray(0, size)]).toEqual(expected);
      expect([...values.subarray(size)].every((value) => value === padding)).toBe(true);
    }
    expect(visible(batch, size)).toEqual(sees);
    expect(batch.packed).toBe(texts.length > 1);
  });
});

test('a document is rearranged as the reference does', () => {
  const { rate, cases } = fixtures.middle;
  for (const { ids, draws, expected } of cases) {
    const random = recorded(draws);
    expect(rearranged(ids, { prefixId: 1, suffixId: 2, middleId: 3, rate, suffixFirstShare: 0.5, random, encode: (part) => part })).toEqual(expected);
    expect(random.spent()).toBe(true);
  }
});

test('a prefix is that of T5, seen by all and not predicted', () => {
  for (const { ids, draws, prefix, labels, sees } of fixtures.prefix) {
    const batch = collated(prefixLm, { documents: [ids], draws });
    expect([...batch.prefixes]).toEqual([prefix]);
    expect([...batch.targets]).toEqual(labels);
    expect(visible(batch, ids.length)).toEqual(sees);
  }
});
