import type { Tensor } from '@llm/tensor';
import { candidates, draw, logProbability } from './candidates.ts';
import type { Decoder, DecoderOptions, Draw, Row } from './decoder.ts';
import { lastLogits } from './last-logits.ts';

/** Draws from logits [rows, vocabulary] by a sampler on the host: each row when it is asked for. */
export async function drawOnHost(logits: Tensor, rows: readonly Row[], { sampler, logprobs }: Pick<DecoderOptions, 'sampler' | 'logprobs'>): Promise<readonly Draw[]> {
  const reading = logits.data() as Promise<Float32Array>;
  logits.dispose();
  const values = await reading;
  const vocabulary = values.length / rows.length;
  return rows.map(({ history, uniform }, i) => () => {
    const own = values.subarray(i * vocabulary, (i + 1) * vocabulary);
    const id = draw(sampler(candidates(own), { history, uniform }), uniform());
    return { id, logprob: logprobs === undefined ? undefined : logProbability(own, id, logprobs) };
  });
}

/** Runs a model step by step, and draws on the host. */
export function hostDecoder(options: DecoderOptions): Decoder {
  const { model, params } = options;
  return {
    draw: (logits, rows) => drawOnHost(logits, rows, options),
    step(cache, rows) {
      const ids = Int32Array.from(rows, ({ history }) => history.at(-1)!);
      return drawOnHost(lastLogits({ model, params, cache }, { ids, count: 1, places: rows.map((_, i) => i) })!, rows, options);
    },
    ahead: () => undefined,
    dispose: () => {},
  };
}
