import { sample } from '@llm/kernels';
import { call, compile, type Compiled, deviceInUse, div, keep, linear, overwrite, reshape, scope, tensor, type Tensor, zeros } from '@llm/tensor';
import type { KvCache } from '../layers/kv-cache.ts';
import type { Decoder, DecoderOptions, Draw, Row } from './decoder.ts';
import { drawOnHost } from './host-decoder.ts';

/** The step for one cache, recorded at its first token and replayed for the others. */
interface Recorded {
  readonly cache: KvCache;
  /** int32 [batch]: the tokens that the next step runs. */
  readonly ids: Tensor;
  /** From the cache's own lengths and a number in [0, 1) for each row: logits, or ids and their log-probabilities. */
  readonly step: Compiled<readonly [Int32Array, Float32Array], readonly Tensor[]>;
}

/**
 * Runs a model by a recorded step, on a graphics card or on `wasm`. Where the sampler has settings the device draws too: then its tokens
 * stay there for the next step, which a graphics card so can run before they are read.
 */
export function recordedDecoder(options: DecoderOptions): Decoder {
  const { model, params, sampler, logprobs } = options;
  const degrees = logprobs ?? 1;
  // The device tells the log-probability of the logits that it draws from: other than as they are only where nothing else is done to them.
  const divided = degrees !== 1;
  const settings = !divided ? sampler.settings : sampler.settings?.temperature === degrees && Object.keys(sampler.settings).length === 1 ? {} : undefined;
  let recorded: Recorded | undefined;

  const drawn = (found: Tensor, draws: Float32Array): readonly Tensor[] => {
    const logits = divided ? div(found, degrees) : found;
    const [rows = 0, vocab = 0] = logits.shape;
    const { ids, logprob } = call(sample, { inputs: { logits, draws: tensor(draws) }, dims: { rows, vocab }, uniforms: { ...settings }, outputs: { ids: true, logprob: true } });
    return [ids, logprob];
  };
  const read = async ([ids, logprob]: readonly Tensor[]): Promise<readonly Draw[]> => {
    // The copies are on their way before anything else runs.
    const reading = Promise.all([ids!.data(), logprobs === undefined ? undefined : logprob!.data()]);
    ids!.dispose();
    logprob!.dispose();
    const [found, logs] = await reading;
    return Array.from(found, (id, i) => () => {
      if (id < 0) throw new RangeError('generate: expected finite logits but found NaN or an infinite one. Check the parameters: a training run may have diverged.');
      return { id, logprob: logs?.[i] };
    });
  };
  const uniformsOf = (rows: readonly Row[]): Float32Array => Float32Array.from(rows, ({ uniform }) => uniform());

  const forget = (): void => {
    const last = recorded;
    recorded = undefined;
    last?.ids.dispose();
    last?.step.dispose();
  };
  const stepOf = (cache: KvCache): Recorded => {
    if (recorded?.cache === cache) return recorded;
    forget();
    const { batch } = cache;
    const ids = keep(zeros([batch], 'int32'));
    // The cache makes a tensor of its lengths, by which a replay takes them from the argument.
    const step = compile((_lengths: Int32Array, draws: Float32Array): readonly Tensor[] => {
      const hidden = model.hidden(params, { ids: reshape(ids, [batch, 1]), cache });
      const logits = linear(reshape(hidden, [batch, model.shape.width]), model.head(params));
      if (settings === undefined) return [logits];
      const found = drawn(logits, draws);
      overwrite(ids, found[0]!);
      return found;
    }, { wasm: true });
    return recorded = { cache, ids, step };
  };
  const run = ({ cache, step }: Recorded, rows: readonly Row[]): Promise<readonly Draw[]> => {
    const [length] = cache.lengths;
    const found = step(cache.lengths, settings === undefined ? new Float32Array(0) : uniformsOf(rows));
    // A replay runs no function, so nobody has counted the position.
    if (cache.lengths[0] === length) cache.advance(1);
    return settings === undefined ? drawOnHost(found[0]!, rows, options) : read(found);
  };

  return {
    draw(logits, rows) {
      if (settings === undefined) return drawOnHost(logits, rows, options);
      const found = scope(() => drawn(logits, uniformsOf(rows)));
      logits.dispose();
      return read(found);
    },
    step(cache, rows) {
      const known = stepOf(cache);
      overwrite(known.ids, Int32Array.from(rows, ({ history }) => history.at(-1)!));
      return run(known, rows);
    },
    ahead: (cache, rows) => (deviceInUse() === 'webgpu' && settings !== undefined && recorded?.cache === cache && Math.max(...cache.lengths) < cache.capacity ? run(recorded, rows) : undefined),
    dispose: forget,
  };
}
