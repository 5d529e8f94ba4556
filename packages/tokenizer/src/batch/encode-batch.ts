import type { EncodeOptions, Tokenizer } from '../tokenizer.ts';
import { checkTexts } from './check-texts.ts';
import { cutLengths, type TruncationOptions } from './cut-lengths.ts';
import type { EncodedBatch, EncodedRows, Texts } from './encoded-batch.ts';
import { fileSettings } from './file-settings.ts';
import { joinRows } from './join-rows.ts';
import type { PaddingOptions } from './padding-options.ts';
import { addedCount, postProcess } from './post-process.ts';

export interface BatchOptions extends Pick<EncodeOptions, 'allowSpecial' | 'addSpecialTokens'> {
  /** Null cuts nothing. By default what the tokenizer's file says, which mostly says nothing. */
  readonly truncation?: TruncationOptions | null;
  /** Null fills nothing up. By default what the tokenizer's file says. */
  readonly padding?: PaddingOptions | null;
}

/**
 * The ids of many texts, or of many pairs of texts, as `encode_batch` of Hugging Face `tokenizers` gives them: texts are cut, the
 * post-processor puts them together, and rows are filled up.
 *
 * Texts are cut before the special tokens are added, so that a row has at most `maxLength` ids and still all of those. Where rows are
 * filled up to one length they are a matrix: row i of it is `[i · length, (i + 1) · length)`. What is cut off is not given.
 *
 * @throws RangeError where special tokens leave no room, or a strategy can't cut what it must; TypeError for what is no text.
 *
 * @example
 * ```ts
 * import { encodeBatch, trainBpe } from '@llm/tokenizer';
 * const tokenizer = await trainBpe(['the cat'], { vocabSize: 258, specialTokens: ['<pad>'] });
 * const { ids, rowOffsets, attentionMask } = encodeBatch(tokenizer, ['abc', 'abcdef'], { truncation: { maxLength: 4 }, padding: { id: 0 } });
 * if (rowOffsets.join() !== '0,4,8' || attentionMask.join() !== '1,1,1,0,1,1,1,1' || ids[3] !== 0) throw new Error('two rows of four');
 * ```
 */
export function encodeBatch(tokenizer: Tokenizer, texts: Texts, options: BatchOptions = {}): EncodedBatch {
  const { padding = fileSettings(tokenizer).padding } = options;
  return joinRows([encodeRows(tokenizer, texts, options)], padding);
}

/** The rows of {@link encodeBatch}, cut and put together but not filled up. */
export function encodeRows(tokenizer: Tokenizer, texts: Texts, options: BatchOptions): EncodedRows {
  checkTexts(texts);
  const file = fileSettings(tokenizer);
  const { addSpecialTokens = false, allowSpecial = false, truncation = file.truncation } = options;
  const rowOffsets = new Uint32Array(texts.length + 1);
  const rows = texts.map((given, row) => {
    const parts = (typeof given === 'string' ? [given] : given).map((text) => tokenizer.encode(text, { allowSpecial }));
    const cut = truncation === null ? parts : truncate(parts, truncation, addSpecialTokens ? addedCount(file.processor, parts.length === 2) : 0);
    const runs = postProcess(cut, { processor: file.processor, addSpecialTokens });
    rowOffsets[row + 1] = runs.reduce((sum, { ids }) => sum + ids.length, rowOffsets[row]!);
    return runs;
  });
  const ids = new Uint32Array(rowOffsets[rows.length]!);
  const typeIds = new Uint32Array(ids.length);
  let at = 0;
  for (const run of rows.flat()) {
    const end = at + run.ids.length;
    ids.set(run.ids, at);
    if (typeof run.types === 'number') typeIds.fill(run.types, at, end);
    else typeIds.set(run.types, at);
    at = end;
  }
  return { ids, rowOffsets, typeIds };
}

function truncate(parts: readonly Uint32Array[], { maxLength = 512, strategy = 'longestFirst', direction = 'right' }: TruncationOptions, added: number): Uint32Array[] {
  if (!(Number.isInteger(maxLength) && maxLength >= added)) {
    throw new RangeError(`encodeBatch: expected maxLength to be an integer of at least ${added}, which the special tokens take, but found ${String(maxLength)}. Allow longer rows.`);
  }
  const lengths = cutLengths(parts[0]!.length, parts[1]?.length, { room: maxLength - added, strategy });
  return parts.map((ids, i) => (direction === 'right' ? ids.subarray(0, lengths[i]) : ids.subarray(ids.length - lengths[i]!)));
}
