import { generate, gpt2, greedy } from '@llm/model';
import { disposeTree, useDevice } from '@llm/tensor';
import { compare, versus } from '../compare.mjs';
import { millions, paramsOf, parameterCount, torchConfig } from '../model.mjs';
import { torchArm } from '../peer.mjs';

/** Tokens per second of one sequence through a KV cache; both sides take each token to the host before the next. */
export async function decodeCase({ sizes, peer, report }) {
  const { config, prompt, tokensPerSample } = sizes.decode;
  await useDevice('webgpu');
  const model = gpt2(config);
  const bytes = parameterCount(model) * 4;
  const theirs = (kind) => torchArm(peer, kind, { case: 'decode', kind, ...torchConfig(config), prompt, count: tokensPerSample });
  const found = await compare([ourArm(model, { prompt, tokensPerSample }), theirs('fp32'), theirs('bf16')], sizes.timing);
  const rate = found.ours.seconds === undefined ? '' : `reads ${(bytes / found.ours.seconds / 1e9).toFixed(0)} GB/s of weights`;
  for (const kind of ['fp32', 'bf16']) {
    report(versus(`decode, ${millions(model)}, one sequence, f32`, [found.ours, found[kind]], {
      unit: 'tokens/s', figure: (seconds) => 1 / seconds, digits: 4, peer: `PyTorch ${kind} eager`, note: rate,
    }));
  }
}

function ourArm(model, { prompt, tokensPerSample }) {
  let params;
  let tokens;
  const some = async () => {
    const started = performance.now();
    for (let i = 0; i < tokensPerSample; i++) {
      const { value, done } = await tokens.next();
      if (done) throw new Error('expected another token but the context is full');
      if (!(value.id >= 0 && value.id < model.shape.vocabSize)) throw new Error(`expected an id below ${model.shape.vocabSize} but found ${value.id}`);
    }
    return (performance.now() - started) / 1000 / tokensPerSample;
  };
  return {
    name: 'ours',
    async prepare() {
      params = paramsOf(model);
      const ids = Array.from({ length: prompt }, (_, i) => (i * 7919 + 1) % model.shape.vocabSize);
      tokens = generate(model, params, [ids], { maxTokens: model.shape.maxPositions - prompt, sampler: greedy, eosIds: [] });
      await some();
    },
    sample: some,
    async finish() {
      await tokens.return();
      disposeTree(params);
    },
  };
}
