import { type Tensor, tensor, type Tree } from '@llm/tensor';
import type { EncoderDecoder, EncoderInputs } from '../encoder-decoder.ts';
import type { ApplyOptions } from '../model.ts';
import { checkRows, type TokenBatch } from './token-batch.ts';

/** Rows of an encoder-decoder batch on the host: what is read, and what goes into the decoder, as many rows of each. */
export interface PairBatch {
  readonly encoder: Pick<TokenBatch, 'rows' | 'length' | 'ids' | 'segments' | 'packed'>;
  readonly decoder: Pick<TokenBatch, 'rows' | 'length' | 'ids' | 'segments' | 'packed'>;
}

/**
 * The states of a pair batch before the head, [rows, decoder length, width].
 *
 * Segments go to the model only where `packed` says so on either side; the other side's then count too.
 *
 * @throws RangeError for ids outside the model's vocabulary and for unequal numbers of rows.
 *
 * @example
 * ```ts
 * import { createEncoderDecoder, decodedOf } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createEncoderDecoder({ model_type: 't5', vocab_size: 16, d_model: 8, d_kv: 4, d_ff: 16, num_layers: 1, num_heads: 2 });
 * const rows = (...ids: number[]) => ({ rows: 1, length: ids.length, ids: Int32Array.from(ids), segments: new Int32Array(ids.length), packed: false });
 * const { shape } = decodedOf(model, model.init(0), { encoder: rows(3, 4, 1), decoder: rows(0, 5) });
 * if (shape.join() !== '1,2,8') throw new Error('rows, length, width');
 * ```
 */
export function decodedOf(
  model: Pick<EncoderDecoder, 'encode' | 'hidden' | 'shape'>, params: Tree, { encoder, decoder }: PairBatch, options: ApplyOptions = {},
): Tensor {
  if (encoder.rows !== decoder.rows) throw new RangeError(`decodedOf: expected as many rows for the decoder as for the encoder, ${encoder.rows}, but found ${decoder.rows}. Pair them one to one.`);
  for (const side of [encoder, decoder]) checkRows(side, { ...model.shape, name: 'decodedOf' });
  const marked = encoder.packed || decoder.packed;
  const inputs = ({ rows, length, ids, segments }: PairBatch['encoder']): EncoderInputs => ({
    ids: tensor(ids, [rows, length], 'int32'), ...(marked ? { segments: tensor(segments, [rows, length], 'int32') } : {}),
  });
  const encoded = model.encode(params, inputs(encoder), options);
  return model.hidden(params, { ...inputs(decoder), encoded }, options);
}
