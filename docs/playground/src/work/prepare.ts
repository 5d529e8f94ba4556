import { createModel, type Model, type ModelConfig, parameterCount, trainingMemory } from '@llm/model';
import { packDocuments, type PackedRows } from '@llm/pretrain';
import { type Tokenizer, trainBpe } from '@llm/tokenizer';
import type { Settings } from '../settings.ts';
import type { Documents } from './documents.ts';
import { PlaygroundError } from './problem.ts';

export const END_OF_TEXT = '<|endoftext|>';
/** WebAssembly addresses 4 GiB, and a tab is ended before it has used them all. */
const MOST_BYTES = 3 * 2 ** 30;
/** Text that the tokenizer is trained on, at most: more changes little and takes long. */
const TOKENIZER_CHARACTERS = 2_000_000;

/** What training needs, all of it a function of documents, tokenizer and settings. */
export interface Prepared {
  readonly tokenizer: Tokenizer;
  readonly endId: number;
  readonly model: Model<ModelConfig>;
  readonly rows: PackedRows;
  readonly held: PackedRows;
  readonly batch: number;
  /** Bytes of text that each id spells: 0 for special tokens. */
  readonly tokenBytes: Uint32Array;
}

/** Trains a tokenizer on the documents. */
export async function makeTokenizer(
  { train, characters }: Documents, { vocabSize, signal, onProgress }: { vocabSize: number | null; signal: AbortSignal; onProgress: (share: number) => void },
): Promise<Tokenizer> {
  // So many that most words of a small text are one token, and its samples are made of whole words.
  const fitting = characters < 30_000 ? 640 : characters < 400_000 ? 1536 : characters < 2_000_000 ? 3072 : 6144;
  const every = Math.max(1, Math.ceil(characters / TOKENIZER_CHARACTERS));
  return trainBpe(train.filter((_, i) => i % every === 0), {
    vocabSize: vocabSize ?? fitting, minFrequency: 2, specialTokens: [END_OF_TEXT], signal,
    onProgress: ({ merges, total }) => onProgress(total === 0 ? 0 : merges / total),
  });
}

/** Encodes and packs the documents and makes the model, without its parameters. */
export function prepare({ train, held }: Documents, tokenizer: Tokenizer, settings: Settings): Prepared {
  const endId = tokenizer.specialTokens.get(END_OF_TEXT)!;
  const pack = (texts: readonly string[]): PackedRows => packDocuments(texts.map((text) => tokenizer.encode(text)), { length: settings.length, bos: endId, eos: endId });
  const rows = pack(train);
  const model = createModel(configOf(settings, { vocabSize: tokenizer.size, endId }));
  // Of a small text a large batch would be all of it, the same in every step.
  const batch = Math.max(1, Math.min(settings.batch, Math.floor(rows.count / 4)));
  const { peak } = trainingMemory(model, { batch, length: settings.length });
  if (peak > MOST_BYTES) {
    throw new PlaygroundError(
      'E_MEMORY', `Training would need about ${(peak / 2 ** 30).toFixed(1)} GiB of memory, and a tab has about ${MOST_BYTES / 2 ** 30}.`,
      'Choose a smaller model, batch, context or vocabulary, and start again.',
    );
  }
  const special = new Set(tokenizer.specialTokens.values());
  return {
    tokenizer, endId, model, rows, held: pack(held), batch,
    tokenBytes: Uint32Array.from({ length: tokenizer.size }, (_, id) => (special.has(id) ? 0 : tokenizer.idToBytes(id).length)),
  };
}

export const parametersOf = (model: Model<ModelConfig>): number => parameterCount(model).total;

/** The config.json of a Llama of this size, with a context of two rows, so that a text can go on past one. */
function configOf({ width, layers, heads, length }: Settings, { vocabSize, endId }: { vocabSize: number; endId: number }): Record<string, unknown> {
  return {
    model_type: 'llama', vocab_size: vocabSize, hidden_size: width, intermediate_size: 32 * Math.ceil((8 * width) / 3 / 32), num_hidden_layers: layers,
    num_attention_heads: heads, num_key_value_heads: heads, max_position_embeddings: 2 * length, rms_norm_eps: 1e-5, rope_theta: 10_000,
    // With 0.02, made for widths of thousands, a narrow model needs several times the steps to begin to learn.
    tie_word_embeddings: true, initializer_range: Number((0.8 / Math.sqrt(width)).toPrecision(2)), bos_token_id: endId, eos_token_id: endId,
  };
}
