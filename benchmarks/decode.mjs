import { createModel, generate, greedy } from '@llm/model';
import { countParameters, useDevice } from '@llm/tensor';
import { readBandwidth } from './bandwidth.mjs';
import { median } from './statistics.mjs';
import { gpt2Config, MEDIUM } from './training-step.mjs';

/** The median milliseconds between two tokens of a row, where so many rows are continued at once. */
async function stepMs(model, params, rows) {
  const times = [];
  const prompts = Array.from({ length: rows }, (_, row) => [1, 2, 3, 4 + row]);
  for (let round = 0; round < 6; round++) {
    let before;
    for await (const { row } of generate(model, params, prompts, { maxTokens: 200, sampler: greedy })) {
      if (row !== 0) continue;
      const now = performance.now();
      if (round > 0 && before !== undefined) times.push(now - before);
      before = now;
    }
  }
  return median(times);
}

/** Tokens per second with a KV cache: of one sequence, with the share of memory bandwidth that reading the weights takes, and of eight. */
export async function decode({ threads }) {
  const bandwidth = await readBandwidth({ threads });
  await useDevice('wasm', { threads });
  const model = createModel(gpt2Config(MEDIUM));
  const params = model.init(1);
  const bytes = countParameters(params) * 4;
  const [one, eight] = [await stepMs(model, params, 1), await stepMs(model, params, 8)];
  const rate = bytes / one / 1e6;
  return [
    {
      name: 'decode medium, one sequence', value: `${(1000 / one).toFixed(0)} tok/s`, figure: 1000 / one,
      note: `reads ${rate.toFixed(1)} of ${bandwidth.toFixed(1)} GB/s: ${(rate / bandwidth).toFixed(2)}`, ratio: rate / bandwidth,
    },
    {
      name: 'decode medium, eight sequences', value: `${(8000 / eight).toFixed(0)} tok/s`, figure: 8000 / eight,
      note: `${((8 * one) / eight).toFixed(1)} times one sequence`, ratio: (8 * one) / eight,
    },
  ];
}
