import type { CheckpointDtype, ModelConfig } from '@llm/model';
import { writeConfig } from '@llm/model';
import type { HeadedModel } from './with-head.ts';

/**
 * The `config.json` with which `AutoModelForSequenceClassification` loads a model with a `score` head from the tensors of
 * `tensorsFromParams`.
 *
 * Hugging Face reads the score at the last token that is not `padId`, which therefore must not stand in a text.
 */
export function rewardConfig(model: HeadedModel<ModelConfig>, { padId, dtype = 'F32' }: { readonly padId: number; readonly dtype?: CheckpointDtype }): Record<string, unknown> {
  if (!Number.isSafeInteger(padId) || padId < 0 || padId >= model.shape.vocabSize) throw new RangeError(`rewardConfig: expected padId below the vocabulary of ${model.shape.vocabSize} but found ${padId}`);
  if (!model.parameters.some(({ name }) => name === 'score.weight')) throw new TypeError('rewardConfig: expected a head called score but found another. Hugging Face has no other name for it; make it with withHead(model).');
  const config = writeConfig(model.config, { dtype });
  const names = Array.from({ length: model.labels }, (_, i) => `LABEL_${i}`);
  return {
    ...config,
    architectures: (config.architectures as string[]).map((name) => name.replace(/(ForCausalLM|LMHeadModel)$/, 'ForSequenceClassification')),
    id2label: Object.fromEntries(names.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(names.map((name, i) => [name, i])),
    pad_token_id: padId,
  };
}
