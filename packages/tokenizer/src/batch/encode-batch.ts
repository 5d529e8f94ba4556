import type { EncodeOptions, Tokenizer } from '../tokenizer.ts';
import { cutLengths, type TruncationOptions } from './cut-lengths.ts';
import { fileSettings } from './file-settings.ts';
import type { PaddingOptions } from './padding-options.ts';
import { addedCount, postProcess, type Run } from './post-process.ts';

export interface BatchOptions extends Pick<EncodeOptions, 'allowSpecial' | 'addSpecialTokens'> {
  /** Null cuts nothing. By default what the tokenizer's file says, which mostly says nothing. */
  readonly truncation?: TruncationOptions | null;
  /** Null fills nothing up. By default what the tokenizer's file says. */
  readonly padding?: PaddingOptions | null;
}

/** The rows of a batch, one after the other. */
export interface EncodedBatch {
  readonly ids: Uint32Array;
  /** Row i is `ids.subarray(rowOffsets[i], rowOffsets[i + 1])`: [rows + 1]. */
  readonly rowOffsets: Uint32Array;
  /** 1 for an id of the text or of the post-processor, 0 for one that fills up: [ids.length]. */
  readonly attentionMask: Uint8Array;
  /** Which text an id belongs to, as the post-processor says: [ids.length]. */
  readonly typeIds: Uint32Array;
}

/**
 * The ids of many texts, or of many pairs of texts, as `encode_batch` of Hugging Face `tokenizers` gives them: texts are cut, the
 * post-processor puts them together, and rows are filled up.
 *
 * Texts are cut before the special tokens are added, so that a row has at most `maxLength` ids and still all of those. Where rows are
 * filled up to one length they are a matrix: row i of it is `[i · length, (i + 1) · length)`. What is cut off is not given.
 *
 * @throws RangeError where special tokens leave no room, or a strategy can't cut what it must.
 *
 * @example
 * ```ts
 * import { encodeBatch, trainBpe } from '@llm/tokenizer';
 * const tokenizer = await trainBpe(['the cat'], { vocabSize: 258, specialTokens: ['<pad>'] });
 * const { ids, rowOffsets, attentionMask } = encodeBatch(tokenizer, ['abc', 'abcdef'], { truncation: { maxLength: 4 }, padding: { id: 0 } });
 * if (rowOffsets.join() !== '0,4,8' || attentionMask.join() !== '1,1,1,0,1,1,1,1' || ids[3] !== 0) throw new Error('two rows of four');
 * ```
 */
export function encodeBatch(tokenizer: Tokenizer, texts: readonly (string | readonly [first: string, second: string])[], options: BatchOptions = {}): EncodedBatch {
  const file = fileSettings(tokenizer);
  const { addSpecialTokens = false, allowSpecial = false, truncation = file.truncation, padding = file.padding } = options;
  const rows = texts.map((given) => {
    const parts = (typeof given === 'string' ? [given] : given).map((text) => tokenizer.encode(text, { allowSpecial }));
    const cut = truncation === null ? parts : truncate(parts, truncation, addSpecialTokens ? addedCount(file.processor, parts.length === 2) : 0);
    return postProcess(cut, { processor: file.processor, addSpecialTokens });
  });
  const sizes = rows.map((runs) => runs.reduce((sum, { ids }) => sum + ids.length, 0));
  return fill(rows, sizes, padding === null ? undefined : { ...padding, length: paddedLength(sizes, padding) });
}

function truncate(parts: readonly Uint32Array[], { maxLength = 512, strategy = 'longestFirst', direction = 'right' }: TruncationOptions, added: number): Uint32Array[] {
  if (!(Number.isInteger(maxLength) && maxLength >= added)) {
    throw new RangeError(`encodeBatch: expected maxLength to be an integer of at least ${added}, which the special tokens take, but found ${String(maxLength)}. Allow longer rows.`);
  }
  const lengths = cutLengths(parts[0]!.length, parts[1]?.length, { room: maxLength - added, strategy });
  return parts.map((ids, i) => (direction === 'right' ? ids.subarray(0, lengths[i]) : ids.subarray(ids.length - lengths[i]!)));
}

function paddedLength(sizes: readonly number[], { length, multipleOf = 1 }: PaddingOptions): number {
  for (const [name, value] of [['length', length ?? 0], ['multipleOf', multipleOf]] as const) {
    if (!(Number.isInteger(value) && value >= 0)) throw new RangeError(`encodeBatch: expected padding.${name} to be a whole number but found ${String(value)}. Leave it out for the longest row.`);
  }
  const wanted = length ?? sizes.reduce((most, size) => Math.max(most, size), 0);
  return multipleOf === 0 ? wanted : Math.ceil(wanted / multipleOf) * multipleOf;
}

function fill(rows: readonly (readonly Run[])[], sizes: readonly number[], padding: (PaddingOptions & { length: number }) | undefined): EncodedBatch {
  const rowOffsets = new Uint32Array(rows.length + 1);
  sizes.forEach((size, i) => (rowOffsets[i + 1] = rowOffsets[i]! + Math.max(size, padding?.length ?? 0)));
  const total = rowOffsets[rows.length]!;
  const ids = new Uint32Array(total).fill(padding?.id ?? 0);
  const typeIds = new Uint32Array(total).fill(padding?.typeId ?? 0);
  const attentionMask = new Uint8Array(total);
  rows.forEach((runs, i) => {
    let at = padding?.direction === 'left' ? rowOffsets[i + 1]! - sizes[i]! : rowOffsets[i]!;
    for (const run of runs) {
      const end = at + run.ids.length;
      ids.set(run.ids, at);
      if (typeof run.types === 'number') typeIds.fill(run.types, at, end);
      else typeIds.set(run.types, at);
      attentionMask.fill(1, at, end);
      at = end;
    }
  });
  return { ids, rowOffsets, attentionMask, typeIds };
}
