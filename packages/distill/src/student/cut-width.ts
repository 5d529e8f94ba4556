import { createModel, type LlamaConfig } from '@llm/model';
import { type Tensor, tensor, unflatten } from '@llm/tensor';
import { axesOf, llamaConfigOf } from './llama-axes.ts';
import { leavesOf, ownTensor, type ParameterOrigin, type Source, type Student } from './parameter-map.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

/** A parameter on the host. */
export interface HostParameter { readonly name: string; readonly shape: readonly number[]; readonly values: Float32Array }

/** How an axis becomes shorter: orthonormal rows [kept, size] that new coordinates are made of old ones with, and the share of the squares that they keep. */
export interface Basis { readonly kept: number; readonly size: number; readonly rows: Float64Array; readonly share: number }

/** How the width of the states becomes smaller. */
export interface WidthChoice {
  /** The basis of the directions that stay. */
  (parameters: readonly HostParameter[], keep: number): Basis;
  /** Directions are mixed, so that the factors of norms must be worked into the matrices behind them first. */
  readonly mixes: boolean;
}

export interface CutWidthOptions {
  /** Width of the states; default the teacher's. */
  readonly width?: number;
  /** Width inside the MLP; default the teacher's. Its neurons stay by their magnitude, layer by layer. */
  readonly mlpWidth?: number;
  /** Default `bySvd()`. */
  readonly choose?: WidthChoice;
}

/**
 * A student that is narrower than its teacher: states in fewer directions, MLPs with fewer neurons. Heads stay as they are.
 *
 *   W' = W · Bᵀ where it reads states, B · W where it writes them;  g' = g √(share · width / width') in every norm
 *
 * with B orthonormal [width', width], which keeps a share of the squares. Where directions are mixed (`bySvd`), the factors of norms are worked
 * into the matrices that follow, and a tied head becomes one of its own. Where all directions stay, the student is the teacher, perhaps
 * turned, and says the same.
 *
 * @throws TypeError for another architecture than llama, qwen2 and qwen3; RangeError for widths that the teacher does not have.
 *
 * @example
 * ```ts
 * import { cutWidth } from '@llm/distill';
 * import { createModel } from '@llm/model';
 * import { disposeTree, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'llama', vocab_size: 16, hidden_size: 8, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 8 });
 * const { model: student, params } = await cutWidth({ model, params: model.init(0) }, { width: 6, mlpWidth: 8 });
 * if (student.shape.width !== 6 || student.shape.mlpWidth !== 8 || student.shape.headDim !== 4) throw new Error('narrower');
 * disposeTree(params);
 * ```
 *
 * Ashkboos et al. 2024, SliceGPT, https://arxiv.org/abs/2401.15024; Muralidharan et al. 2024, Minitron, https://arxiv.org/abs/2407.14679
 */
export async function cutWidth(teacher: Source, { width: asked, mlpWidth: askedMlp, choose = bySvd() }: CutWidthOptions): Promise<Student> {
  const config = llamaConfigOf(teacher.model);
  const [width, mlpWidth] = [asked ?? config.hiddenSize, askedMlp ?? config.intermediateSize];
  checkWidth('width', width, config.hiddenSize);
  checkWidth('mlpWidth', mlpWidth, config.intermediateSize);
  const found = await onHost(teacher);
  const parameters = choose.mixes && width < config.hiddenSize ? withoutNorms(found) : found;
  const states = choose(parameters, width);
  const tied = config.tied && !parameters.some(({ name }) => name === 'lm_head.weight');
  const narrow: LlamaConfig = { ...config, hiddenSize: width, intermediateSize: mlpWidth, tied };
  const model = createModel(narrow);
  const scale = Math.sqrt((states.share * config.hiddenSize) / width);
  const map: ParameterOrigin[] = [];
  const made = parameters.map((parameter): [string, Tensor] => {
    const { name, shape } = parameter;
    const axes = axesOf(name);
    let { values } = parameter;
    let now = [...shape];
    const isNorm = axes.length === 1 && axes[0] === 'width' && name.endsWith('norm.weight');
    axes.forEach((axis, at) => {
      const basis = axis === 'width' ? states : axis === 'mlp' ? neurons(parameters, name, mlpWidth) : undefined;
      if (basis === undefined || basis.kept === basis.size) return;
      // Factors that are all the same have no direction.
      values = isNorm && choose.mixes ? values.slice(0, basis.kept) : contracted(values, now, { at, basis });
      now = now.map((size, i) => (i === at ? basis.kept : size));
    });
    if (isNorm) values = values.map((factor) => factor * scale);
    map.push({ to: name, shape: now, from: name, fromShape: shape });
    return [name, tensor(values, now)];
  });
  return { model, params: unflatten(made), map };
}

/**
 * Keeps the directions in which the matrices that read and write states are largest together: their principal ones.
 *
 * @example
 * ```ts
 * import { bySvd } from '@llm/distill';
 * const basis = bySvd()([{ name: 'model.embed_tokens.weight', shape: [1, 2], values: Float32Array.of(3, 4) }], 1);
 * if (Math.abs(Math.abs(basis.rows[0]!) - 0.6) > 1e-6) throw new Error('along the only row');
 * ```
 */
export function bySvd(): WidthChoice {
  return Object.assign((parameters: readonly HostParameter[], keep: number): Basis => {
    const { gram, width } = gramOf(parameters);
    if (keep === width) return identity(width);
    const { values, vectors } = symmetricEigen(gram, width);
    const sum = (some: Float64Array): number => some.reduce((total, value) => total + Math.max(0, value), 0);
    return { kept: keep, size: width, rows: vectors.slice(0, keep * width), share: sum(values.subarray(0, keep)) / sum(values) };
  }, { mixes: true });
}

/**
 * Keeps the coordinates of states that are largest in the matrices that read and write them: the columns stay what they were.
 *
 * @example
 * ```ts
 * import { byMagnitude } from '@llm/distill';
 * const basis = byMagnitude()([{ name: 'model.embed_tokens.weight', shape: [1, 2], values: Float32Array.of(3, 4) }], 1);
 * if (basis.rows.join() !== '0,1') throw new Error('the second');
 * ```
 */
export function byMagnitude(): WidthChoice {
  return Object.assign((parameters: readonly HostParameter[], keep: number): Basis => {
    const { gram, width } = gramOf(parameters);
    const sizes = Array.from({ length: width }, (_, i) => gram[i * width + i]!);
    return selection(largest(sizes, keep), sizes);
  }, { mixes: false });
}

function checkWidth(name: string, found: number, most: number): void {
  if (!(Number.isSafeInteger(found) && found >= 1 && found <= most)) throw new RangeError(`cutWidth: expected ${name} from 1 to the teacher's ${most} but found ${found}.`);
}

async function onHost(teacher: Source): Promise<HostParameter[]> {
  const found: HostParameter[] = [];
  for (const [name, leaf] of leavesOf(teacher)) {
    const own = ownTensor(leaf, name);
    found.push({ name, shape: own.shape, values: (await own.data()).slice() as Float32Array });
    own.dispose();
  }
  return found;
}

/** The norm in front of a matrix that reads states. */
const NORM_OF: readonly (readonly [pattern: RegExp, norm: (prefix: string) => string])[] = [
  [/^(.*\.layers\.\d+)\.self_attn\.[qkv]_proj\.weight$/, (prefix) => `${prefix}.input_layernorm.weight`],
  [/^(.*\.layers\.\d+)\.mlp\.(?:gate|up)_proj\.weight$/, (prefix) => `${prefix}.post_attention_layernorm.weight`],
  [/^(?=lm_head\.weight$)/, () => 'model.norm.weight'],
];

/** The same model with norms of ones, their factors in the matrices behind them; a tied head becomes one of its own where its norm says something. */
function withoutNorms(parameters: readonly HostParameter[]): HostParameter[] {
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const last = byName.get('model.norm.weight')!;
  const all = [...parameters];
  const embedding = byName.get('model.embed_tokens.weight')!;
  if (!byName.has('lm_head.weight') && last.values.some((g) => g !== last.values[0])) all.push({ ...embedding, name: 'lm_head.weight' });
  // One factor for all is the final norm's own, so that a head may stay tied.
  const kept = all.length === parameters.length && !byName.has('lm_head.weight') ? last.values[0]! : 1;
  return all.map((parameter) => {
    const norm = NORM_OF.map(([pattern, nameOf]) => { const found = pattern.exec(parameter.name); return found && nameOf(found[1] ?? ''); }).find((name) => name !== null);
    if (norm !== undefined) {
      const factors = byName.get(norm)!.values;
      const width = factors.length;
      return { ...parameter, values: parameter.values.map((value, i) => value * factors[i % width]!) };
    }
    if (parameter.name.endsWith('norm.weight') && !/[qk]_norm/.test(parameter.name)) return { ...parameter, values: new Float32Array(parameter.values.length).fill(parameter.name === 'model.norm.weight' ? kept : 1) };
    return parameter;
  });
}

/** Σ wᵀ w over everything that stands for a state, each parameter counted as much as any other. */
function gramOf(parameters: readonly HostParameter[]): { gram: Float64Array; width: number } {
  const reading = parameters.filter(({ name, shape }) => shape.length === 2 && axesOf(name).includes('width'));
  const width = reading[0]!.shape[axesOf(reading[0]!.name).indexOf('width')]!;
  const gram = new Float64Array(width * width);
  for (const { name, shape: [rows = 0, cols = 0], values } of reading) {
    const first = axesOf(name)[0] === 'width';
    const others = first ? cols : rows;
    const norm = values.reduce((sum, value) => sum + value * value, 0) || 1;
    for (let o = 0; o < others; o++) for (let i = 0; i < width; i++) {
      const a = (first ? values[i * cols + o]! : values[o * cols + i]!) / norm;
      if (a !== 0) for (let j = 0; j < width; j++) gram[i * width + j]! += a * (first ? values[j * cols + o]! : values[o * cols + j]!);
    }
  }
  return { gram, width };
}

/** The neurons of a layer's MLP that are largest: |up| · |down|. */
function neurons(parameters: readonly HostParameter[], name: string, keep: number): Basis {
  const prefix = name.slice(0, name.lastIndexOf('.mlp.') + 5);
  const [up, down] = ['up_proj.weight', 'down_proj.weight'].map((part) => parameters.find((each) => each.name === prefix + part)!) as [HostParameter, HostParameter];
  const [mlp = 0, width = 0] = up.shape;
  const sizes = Array.from({ length: mlp }, (_, neuron) => {
    let [reads, writes] = [0, 0];
    for (let i = 0; i < width; i++) {
      reads += up.values[neuron * width + i]! ** 2;
      writes += down.values[i * mlp + neuron]! ** 2;
    }
    return reads * writes;
  });
  return selection(largest(sizes, keep), sizes);
}

function largest(sizes: readonly number[], keep: number): number[] {
  return sizes.map((size, i) => [size, i] as const).toSorted(([a, i], [b, j]) => b - a || i - j).slice(0, keep).map(([, i]) => i).toSorted((a, b) => a - b);
}

function selection(kept: readonly number[], sizes: readonly number[]): Basis {
  const size = sizes.length;
  const rows = new Float64Array(kept.length * size);
  kept.forEach((from, to) => { rows[to * size + from] = 1; });
  return { kept: kept.length, size, rows, share: kept.reduce((sum, i) => sum + sizes[i]!, 0) / sizes.reduce((sum, each) => sum + each, 0) };
}

const identity = (size: number): Basis => selection(Array.from({ length: size }, (_, i) => i), Array<number>(size).fill(1));

/** A matrix or vector with one axis in new coordinates. */
function contracted(values: Float32Array, shape: readonly number[], { at, basis: { kept, size, rows } }: { at: number; basis: Basis }): Float32Array {
  const outer = shape.slice(0, at).reduce((product, n) => product * n, 1);
  const inner = shape.slice(at + 1).reduce((product, n) => product * n, 1);
  const sums = new Float64Array(outer * kept * inner);
  for (let o = 0; o < outer; o++) for (let k = 0; k < kept; k++) for (let s = 0; s < size; s++) {
    const factor = rows[k * size + s]!;
    if (factor === 0) continue;
    for (let i = 0; i < inner; i++) sums[(o * kept + k) * inner + i]! += factor * values[(o * size + s) * inner + i]!;
  }
  return Float32Array.from(sums);
}
