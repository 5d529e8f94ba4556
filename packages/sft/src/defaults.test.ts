import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SFT_DEFAULTS } from './defaults.ts';

test('our defaults are those of TRL\'s SFTConfig', () => {
  const { defaults: trl } = JSON.parse(readFileSync(new URL('../fixtures/trl.json', import.meta.url), 'utf8')) as { defaults: Record<string, unknown> };
  const { loraLearningRate, ...ours } = SFT_DEFAULTS;
  expect(ours).toEqual({
    learningRate: trl.learning_rate, warmupSteps: trl.warmup_steps, beta1: trl.adam_beta1, beta2: trl.adam_beta2, eps: trl.adam_epsilon, weightDecay: trl.weight_decay,
    clipNorm: trl.max_grad_norm, epochs: trl.num_train_epochs, batch: trl.per_device_train_batch_size, accumulate: trl.gradient_accumulation_steps, maxLength: trl.max_length,
    assistantOnlyLoss: trl.assistant_only_loss, paddingFree: trl.padding_free, checkpointed: trl.gradient_checkpointing,
  });
  expect(loraLearningRate).toBe(10 * SFT_DEFAULTS.learningRate);
  // What has no number here: no packing, best fit where it is asked for, the beginning kept, the prompt not learned, −ln p, no noise,
  // a line to 0, shuffled, the last batch kept. bf16 is a choice of the device here.
  expect(trl).toMatchObject({
    packing: false, packing_strategy: 'bfd', truncation_mode: 'keep_start', completion_only_loss: null, loss_type: 'nll', neftune_noise_alpha: null, pad_to_multiple_of: null,
    train_sampling_strategy: 'random', dataloader_drop_last: false, dataset_text_field: 'text', shuffle_dataset: false,
  });
  expect(String(trl.lr_scheduler_type)).toContain('LINEAR');
});
