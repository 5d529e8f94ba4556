import { createModel, generate, greedy } from '@llm/model';
import { countParameters, useDevice } from '@llm/tensor';
import { readBandwidth } from './bandwidth.mjs';
import { median } from './statistics.mjs';
import { gpt2Config, MEDIUM } from './training-step.mjs';

/** Tokens per second with a KV cache, one sequence, and the share of memory bandwidth that reading the weights takes. */
export async function decode({ threads }) {
  const bandwidth = await readBandwidth({ threads });
  await useDevice('wasm', { threads });
  const model = createModel(gpt2Config(MEDIUM));
  const params = model.init(1);
  const bytes = countParameters(params) * 4;
  const times = [];
  for (let round = 0; round < 6; round++) {
    let before;
    for await (const _ of generate(model, params, [[1, 2, 3, 4]], { maxTokens: 200, sampler: greedy })) {
      const now = performance.now();
      if (round > 0 && before !== undefined) times.push(now - before);
      before = now;
    }
  }
  const ms = median(times);
  const rate = bytes / ms / 1e6;
  return [{
    name: 'decode medium, one sequence', value: `${(1000 / ms).toFixed(0)} tok/s`, figure: 1000 / ms,
    note: `reads ${rate.toFixed(1)} of ${bandwidth.toFixed(1)} GB/s: ${(rate / bandwidth).toFixed(2)}`, ratio: rate / bandwidth,
  }];
}
