import { type Collate, countTargets, marks, type TargetBatch } from '../collate.ts';
import { fillRow, IGNORED, type RowFields, tokensInRow } from '../packing/pack-documents.ts';
import { below, shuffle } from '../row-random.ts';
import type { Blanks } from './blanks.ts';
import type { Span } from './noise-spans.ts';

/** Texts with blanks, and behind them what belongs there. */
export interface BlankBatch extends TargetBatch {
  /** [rows]: how long the text with blanks is. */
  readonly prefixes: Int32Array;
  /** The place of each token within its blank, from 1 on; 0 in the text. */
  readonly blockPositions: Int32Array;
}

export interface BlankInfillingOptions {
  /** Goes before what belongs into a blank, `<|startofpiece|>`, and ends it, `<|endofpiece|>`. */
  readonly startId: number;
  readonly endId: number;
  /** Tokens that are never left out: `[CLS]`, the end of a text and the like. */
  readonly specialIds?: Iterable<number>;
  /** Most blanks in a row; the others of those drawn stay text. Default a tenth of the row's length. Each makes a batch two tokens longer. */
  readonly mostBlanks?: number;
}

interface Row extends RowFields { readonly blockPositions: Int32Array; readonly prefix: number }

/**
 * Blank infilling of GLM: spans of a text become blanks (part A), and the model writes, after the text, what belongs there, span by span
 * in random order (part B). The loss is `causalLoss`.
 *
 *   x1 x2 [x3] x4 [x5 x6] → x1 x2 M x4 M | S x5 x6  S x3,  targets … | x5 x6 E  x3 E
 *   position   0 1 2 3 4 | 4 4 4  2 2;  within the blank  0 0 0 0 0 | 1 2 3  1 2
 *
 * All of part A is seen by all; part B sees what came before. For each row one of `choices` is drawn: GLM's own are
 * `[shortBlanks, documentBlank]` or `[shortBlanks, sentenceBlanks]`. Documents of one row do not see each other. All batches have the length
 * of the rows and two more for each of `mostBlanks`, so pack rows shorter than the model's context. Draws a number for which choice,
 * what it draws, and a number for each blank but the first, for their order.
 *
 * Du et al. 2021, https://arxiv.org/abs/2103.10360
 *
 * @throws RangeError without a choice.
 *
 * @example
 * ```ts
 * import { batches, blankInfilling, documentBlank, packDocuments, shortBlanks } from '@llm/pretrain';
 * const rows = packDocuments([Array.from({ length: 60 }, (_, i) => 8 + i)], { length: 20, eos: 1 });
 * const collate = blankInfilling([shortBlanks({ maskId: 2 }), documentBlank({ maskId: 3 })], { startId: 4, endId: 5, specialIds: [1] });
 * const [batch] = batches(rows, { batch: 2, seed: 0, collate });
 * if (batch?.length !== 24 || batch.blockPositions[0] !== 0) throw new Error('two blanks of two tokens more');
 * ```
 */
export function blankInfilling(choices: readonly Blanks[], options: BlankInfillingOptions): Collate<BlankBatch> {
  if (choices.length === 0) throw new RangeError('blankInfilling: expected at least one kind of blanks but found none.');
  const special = new Set(options.specialIds);
  return (drawn) => {
    const mostBlanks = options.mostBlanks ?? Math.ceil((drawn[0]?.length ?? 0) / 10);
    const rows = drawn.map(({ rows, index, length, random }) => {
      const text = fillRow(rows, index, { length: Math.min(length, tokensInRow(rows, index)) });
      const choice = choices[below(choices.length, random)]!;
      const found = choice.spans({ ids: text.ids, stretches: stretchesOf(text, special) }, random);
      return withBlanks(text, shuffle(found, random).slice(0, mostBlanks), { ...options, maskId: choice.maskId });
    });
    const length = (drawn[0]?.length ?? 0) + 2 * mostBlanks;
    const joined = (field: keyof RowFields | 'blockPositions', padding: number): Int32Array => {
      const all = new Int32Array(rows.length * length).fill(padding);
      rows.forEach((row, i) => all.set(row[field], i * length));
      return all;
    };
    const segments = joined('segments', 0);
    // Nothing sees what comes after it, so that padding may go on with any document: the last one, which asks for no mask.
    rows.forEach((row, i) => segments.fill(row.segments.at(-1)!, i * length + row.segments.length, (i + 1) * length));
    const positions = joined('positions', 0);
    const targets = joined('targets', IGNORED);
    return {
      rows: rows.length, length, ids: joined('ids', drawn[0]?.rows.padId ?? 0), targets, segments, positions, blockPositions: joined('blockPositions', 0),
      prefixes: Int32Array.from(rows, ({ prefix }) => prefix), targetCount: countTargets(targets), ...marks({ segments, positions }, length),
    };
  };
}

/** Stretches without a special token or the end of a document. */
function stretchesOf({ ids, segments }: RowFields, special: ReadonlySet<number>): Span[] {
  const found: { from: number; count: number }[] = [];
  let open = false;
  for (let i = 0; i < ids.length; i++) {
    if (special.has(ids[i]!)) open = false;
    else if (open && segments[i] === segments[i - 1]) found.at(-1)!.count++;
    else {
      found.push({ from: i, count: 1 });
      open = true;
    }
  }
  return found;
}

/** Part A and part B of one text; the blanks' contents follow in the order given. */
function withBlanks(text: RowFields, spans: readonly Span[], { maskId, startId, endId }: BlankInfillingOptions & { readonly maskId: number }): Row {
  const size = text.ids.length + 2 * spans.length;
  const row = {
    ids: new Int32Array(size), targets: new Int32Array(size).fill(IGNORED), segments: new Int32Array(size), positions: new Int32Array(size), blockPositions: new Int32Array(size),
  };
  const maskOf = new Map<Span, number>();
  const inOrder = spans.toSorted((a, b) => a.from - b.from);
  let at = 0;
  for (let i = 0, span = 0; i < text.ids.length; at++) {
    const blank = inOrder[span]?.from === i ? inOrder[span++] : undefined;
    if (blank !== undefined) maskOf.set(blank, at);
    row.ids[at] = blank === undefined ? text.ids[i]! : maskId;
    row.segments[at] = text.segments[i]!;
    row.positions[at] = at > 0 && row.segments[at] === row.segments[at - 1] ? row.positions[at - 1]! + 1 : 0;
    i += blank?.count ?? 1;
  }
  const prefix = at;
  for (const span of spans) {
    const mask = maskOf.get(span)!;
    const content = text.ids.subarray(span.from, span.from + span.count);
    row.ids.set([startId, ...content], at);
    row.targets.set([...content, endId], at);
    for (let i = 0; i <= span.count; i++, at++) {
      row.segments[at] = row.segments[mask]!;
      row.positions[at] = row.positions[mask]!;
      row.blockPositions[at] = i + 1;
    }
  }
  return { ...row, prefix };
}
