import type { EncodedBatch, EncodedRows } from './encoded-batch.ts';
import type { PaddingOptions } from './padding-options.ts';

/** Batches one after the other as one, its rows filled up where `padding` says so. */
export function joinRows(parts: readonly EncodedRows[], padding: PaddingOptions | null): EncodedBatch {
  const length = padding === null ? 0 : paddedLength(parts, padding);
  const rowOffsets = new Uint32Array(parts.reduce((sum, part) => sum + part.rowOffsets.length - 1, 1));
  let row = 0;
  for (const part of parts) {
    for (let i = 1; i < part.rowOffsets.length; i++, row++) rowOffsets[row + 1] = rowOffsets[row]! + Math.max(part.rowOffsets[i]! - part.rowOffsets[i - 1]!, length);
  }
  const total = rowOffsets[row]!;
  const attentionMask = new Uint8Array(total);
  if (padding === null) return { ...concatenated(parts, total), rowOffsets, attentionMask: attentionMask.fill(1) };
  const ids = new Uint32Array(total).fill(padding.id ?? 0);
  const typeIds = new Uint32Array(total).fill(padding.typeId ?? 0);
  row = 0;
  for (const part of parts) {
    for (let i = 1; i < part.rowOffsets.length; i++, row++) {
      const [from, to] = [part.rowOffsets[i - 1]!, part.rowOffsets[i]!];
      const at = padding.direction === 'left' ? rowOffsets[row + 1]! - (to - from) : rowOffsets[row]!;
      ids.set(part.ids.subarray(from, to), at);
      typeIds.set(part.typeIds.subarray(from, to), at);
      attentionMask.fill(1, at, at + to - from);
    }
  }
  return { ids, rowOffsets, attentionMask, typeIds };
}

function concatenated(parts: readonly EncodedRows[], total: number): Pick<EncodedRows, 'ids' | 'typeIds'> {
  const [only] = parts;
  if (parts.length === 1 && only!.ids.length === total) return only!;
  const ids = new Uint32Array(total);
  const typeIds = new Uint32Array(total);
  let at = 0;
  for (const part of parts) {
    ids.set(part.ids, at);
    typeIds.set(part.typeIds, at);
    at += part.ids.length;
  }
  return { ids, typeIds };
}

function paddedLength(parts: readonly EncodedRows[], { length, multipleOf = 1 }: PaddingOptions): number {
  for (const [name, value] of [['length', length ?? 0], ['multipleOf', multipleOf]] as const) {
    if (!(Number.isInteger(value) && value >= 0)) throw new RangeError(`encodeBatch: expected padding.${name} to be a whole number but found ${String(value)}. Leave it out for the longest row.`);
  }
  let wanted = length ?? 0;
  if (length === undefined) for (const { rowOffsets } of parts) for (let i = 1; i < rowOffsets.length; i++) wanted = Math.max(wanted, rowOffsets[i]! - rowOffsets[i - 1]!);
  return multipleOf === 0 ? wanted : Math.ceil(wanted / multipleOf) * multipleOf;
}
