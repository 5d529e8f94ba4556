import { defaultSampler, generate } from '@llm/model';
import type { TargetBatch } from '@llm/quantize';
import type { OpenModel } from '../train/open-model.ts';
import { withText } from '../train/with-text.ts';

/** Rows of ids as batches whose targets are the ids that follow. */
export function batchOf(ids: readonly number[]): TargetBatch {
  const length = ids.length;
  return {
    rows: 1, length, ids: Int32Array.from(ids), targets: Int32Array.from(ids, (_, i) => ids[i + 1] ?? -100), positions: Int32Array.from(ids, (_, i) => i), segments: new Int32Array(length),
    packed: false, restarts: false,
  };
}

/** What a model says by itself, the same every time: a text on which another form of it can be compared with it. */
export async function ownWords({ model, params, tokenizer, bosId }: OpenModel, { tokens, rows }: { tokens: number; rows: number }): Promise<TargetBatch[]> {
  const found: TargetBatch[] = [];
  const sampler = withText(defaultSampler({ temperature: 1, topK: model.shape.vocabSize, topP: 1, minP: 0, repeatPenalty: 1 }), { size: tokenizer.size, vocabSize: model.shape.vocabSize });
  for (let seed = 0; seed < rows; seed++) {
    const ids = [...(bosId === undefined ? tokenizer.encode('\n') : [bosId])];
    const room = Math.min(tokens, model.shape.maxPositions - ids.length);
    for await (const { id } of generate(model, params, [ids.slice()], { maxTokens: room, sampler, seed })) ids.push(id);
    // A row of one token has nothing that follows.
    if (ids.length < 2) ids.push(...tokenizer.encode('The quick brown fox').slice(0, 4));
    found.push(batchOf(ids));
  }
  return found;
}
