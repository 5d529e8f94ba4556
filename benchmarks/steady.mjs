import { createModel } from '@llm/model';
import { causalLoss } from '@llm/pretrain';
import { memory, useDevice } from '@llm/tensor';
import { adamw, startTraining, train } from '@llm/train';
import { gpt2Config, randomBatches } from './training-step.mjs';

/** Live tensors and WebAssembly bytes after 10 steps and after 1,000: they must be equal. */
export async function steady({ threads }) {
  await useDevice('wasm', { threads });
  const shape = { layers: 2, width: 64, heads: 2, vocabulary: 512, length: 32, batch: 4 };
  const model = createModel(gpt2Config(shape));
  const params = model.init(1);
  const optimizer = adamw({ lr: 1e-3 });
  const state = startTraining(params, optimizer);
  const seen = {};
  for await (const { index } of train({ params, loss: causalLoss(model), batches: randomBatches(shape), optimizer, state, steps: 1000 })) {
    if (index === 9 || index === 999) seen[index] = memory();
  }
  const [early, late] = [seen[9], seen[999]];
  const equal = early.tensors === late.tensors && early.deviceBytes === late.deviceBytes && early.usedBytes === late.usedBytes;
  return [{
    name: 'tensors and WASM bytes, step 10 against step 1,000', value: equal ? 'equal' : 'different', figure: Number(equal),
    note: `${early.tensors} / ${late.tensors} tensors, ${early.deviceBytes} / ${late.deviceBytes} bytes`,
  }];
}
