// Ten steps of training against PyTorch's numbers, on any device, in Node and in a page.
import { createModel, paramsFromTensors } from '@llm/model';
import { disposeTree, linearCrossEntropy, type Precision, readSafetensors, type RawTensor, type Tensor, tensor, type Tree } from '@llm/tensor';
import { adamw, type LossContext, train } from '@llm/train';

/** Reads a file of tests/golden. */
export type ReadGolden = (path: string) => Promise<Uint8Array>;

export interface Trajectory {
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  /** PyTorch's, in float64. */
  readonly expected: { readonly losses: readonly number[]; readonly norms: readonly number[] };
}

interface Stored {
  readonly initial_weights: string;
  readonly losses_float64: number[];
  readonly grad_norms_before_clipping_float64: number[];
  readonly decayed: string[];
}
interface Batch { readonly ids: Int32Array; readonly targets: Int32Array; readonly targetCount: number }

const IGNORED = -100;
const toInt32 = ({ data }: RawTensor): Int32Array => new Int32Array(new Uint8Array(data).buffer);

/** Runs the ten steps of tests/golden/trajectories on the device in use. */
export async function runTrajectory(name: 'gpt2' | 'llama', { read, compile = false, readEvery = 1, precision = 'f32' }: { read: ReadGolden; compile?: boolean; readEvery?: number; precision?: Precision }): Promise<Trajectory> {
  const json = async (path: string): Promise<unknown> => JSON.parse(new TextDecoder().decode(await read(path)));
  const stored = await json(`trajectories/${name}.json`) as Stored;
  const { tensors } = readSafetensors(await read(`trajectories/${name}.safetensors`));
  const model = createModel(await json(`models/${name}/config.json`) as Record<string, unknown>);
  const params = paramsFromTensors(model, readSafetensors(await read(stored.initial_weights)).tensors);
  const [steps = 0, rows = 0, length = 0] = tensors.get('ids')!.shape;
  const [ids, labels] = [toInt32(tensors.get('ids')!), toInt32(tensors.get('labels')!)];
  // Labels move one to the left: the loss compares logits[t] with labels[t + 1].
  const targets = labels.map((_, i) => (i % length === length - 1 ? IGNORED : labels[i + 1]!));
  const size = rows * length;
  const batches = Array.from({ length: steps }, (_, step): Batch => {
    const part = targets.slice(step * size, (step + 1) * size);
    return { ids: ids.slice(step * size, (step + 1) * size), targets: part, targetCount: part.filter((id) => id !== IGNORED).length };
  });
  const loss = (tree: Tree, { ids: given, targets: wanted }: Batch, { denominator }: LossContext): Tensor => linearCrossEntropy(
    model.hidden(tree, { ids: tensor(given, [rows, length], 'int32') }), model.head(tree) as Tensor, tensor(wanted, [rows, length], 'int32'),
    { ignoreIndex: IGNORED, denominator },
  );
  const decayed = new Set(stored.decayed);
  const optimizer = adamw({ lr: 1e-3, beta1: 0.9, beta2: 0.95, weightDecay: 0.1, decays: (path) => decayed.has(path) });
  const found = { losses: [] as number[], norms: [] as number[] };
  for await (const step of train({ params, loss, batches, optimizer, clipNorm: 1, compile, readEvery, precision })) {
    found.losses.push(step.loss);
    found.norms.push(step.gradNorm);
  }
  disposeTree(params);
  return { ...found, expected: { losses: stored.losses_float64, norms: stored.grad_norms_before_clipping_float64 } };
}
