import {
  disposeTree, flatten, type LazyTensor, overwrite, type RawTensor, readSafetensors, SafetensorsError, type Tree, writeSafetensorsStream,
} from '@llm/tensor';
import type { Json } from './checkpoint/manifest.ts';
import { configChanges } from './config-changes.ts';
import type { LossScaleState } from './loss-scale.ts';
import type { Optimizer } from './optimizer.ts';
import { ResumeError } from './resume-error.ts';
import { shapeOf, type Stored, storedAs, valuesBelow } from './stored-as.ts';
import { startTraining } from './train.ts';
import type { TrainingState } from './training-state.ts';

const FORMAT_VERSION = 1;
const PARAMS = 'model.safetensors';
const OPTIMIZER = 'optimizer.safetensors';
const TRAINING = 'training.json';

/** What goes on with a run beside its tensors. */
export interface TrainingFacts {
  /** What the data need to go on where they were, for instance `batches(…).position`. */
  readonly data?: Json;
  /** What must not change between saving and going on: sizes, rates, schedule, seed, tokenizer. */
  readonly config?: Json;
}

/** All that a run needs to go on, by file name. */
export interface TrainingFiles {
  readonly 'model.safetensors': AsyncIterable<Uint8Array>;
  readonly 'optimizer.safetensors': AsyncIterable<Uint8Array>;
  readonly 'training.json': string;
}

/**
 * A run as files: `model.safetensors` with the parameters by path, `optimizer.safetensors` with the optimizer's tensors, and
 * `training.json` with step, tokens, guard, data position and configuration.
 *
 * The tensors are read while the files are consumed: let no step run in between.
 */
export function trainingFiles(params: Tree, state: TrainingState, { data = null, config = null }: TrainingFacts = {}): TrainingFiles {
  const { step, tokens, guard, lossScale, optimizer } = state;
  return {
    [PARAMS]: writeSafetensorsStream(lazily(storedAs(flatten(params), params))),
    [OPTIMIZER]: writeSafetensorsStream(lazily(storedAs(optimizer, params))),
    [TRAINING]: `${JSON.stringify({ formatVersion: FORMAT_VERSION, step, tokens, guard, ...(lossScale === undefined ? {} : { lossScale }), data, config }, null, 1)}\n`,
  };
}

function* lazily(tensors: ReadonlyMap<string, Stored>): Generator<[string, LazyTensor]> {
  for (const [name, blocks] of tensors) {
    const [{ dtype: type }] = blocks;
    const dtype = type === 'int32' ? 'I32' : type === 'bool' ? 'U8' : 'F32';
    yield [name, { dtype, shape: shapeOf(blocks), data: () => valuesBelow(blocks) }];
  }
}

export interface RestoreOptions {
  /** The tree that the run began with: its values are replaced in place. */
  readonly params: Tree;
  readonly optimizer: Optimizer;
  readonly trainable?: (path: string) => boolean;
  /** Refused where it differs from the saved one, unless `allowConfigChange`. */
  readonly config?: Json;
  readonly allowConfigChange?: boolean;
}

/** A run as it was saved, ready to be given to `train`. */
export interface Restored {
  readonly state: TrainingState;
  readonly data: Json;
  readonly config: Json;
  /** What differs from the saved configuration, where that was allowed. */
  readonly changes: readonly string[];
}

/**
 * The inverse of `trainingFiles`: parameters are overwritten in place, the rest is returned. Going on is the same to the bit as
 * never having stopped. Nothing is changed unless everything fits.
 *
 * @throws ResumeError E_CONFIG_CHANGED naming what differs; E_STATE for files that are missing, damaged, or of other
 * parameters or another optimizer.
 */
export function restoreTraining(files: ReadonlyMap<string, Uint8Array>, { params, optimizer, trainable, config = null, allowConfigChange = false }: RestoreOptions): Restored {
  const saved = readTraining(files);
  const changes = configChanges(config, saved.config);
  if (changes.length > 0 && !allowConfigChange) {
    throw new ResumeError(
      'E_CONFIG_CHANGED',
      `restoreTraining: expected the configuration that the run was saved with but found ${changes.length} changed: ${changes.slice(0, 5).join('; ')}${changes.length > 5 ? '; …' : ''}. `
      + 'Use the old one, start another run, or allow the change.',
    );
  }
  const flat = flatten(params);
  const fresh = startTraining(params, optimizer, trainable === undefined ? {} : { trainable });
  try {
    const writes = [...matched(PARAMS, storedAs(flat, params), files), ...matched(OPTIMIZER, storedAs(fresh.optimizer, params), files)];
    for (const { blocks, raw } of writes) {
      const values = valuesOf(raw);
      let from = 0;
      for (const block of blocks) overwrite(block, values.subarray(from, from += block.size));
    }
  } catch (error) {
    disposeTree(fresh.optimizer);
    throw error;
  }
  return { state: { step: saved.step, tokens: saved.tokens, guard: saved.guard, ...(saved.lossScale === undefined ? {} : { lossScale: saved.lossScale }), optimizer: fresh.optimizer }, data: saved.data, config: saved.config, changes };
}

interface Training {
  readonly formatVersion: number;
  readonly step: number;
  readonly tokens: number;
  readonly guard: TrainingState['guard'];
  readonly lossScale?: LossScaleState;
  readonly data: Json;
  readonly config: Json;
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes === undefined) throw new ResumeError('E_STATE', `restoreTraining: expected ${name} but found ${[...files.keys()].join(', ') || 'no files'}. Give the files of a checkpoint of this library.`);
  return bytes;
}

function readTraining(files: ReadonlyMap<string, Uint8Array>): Training {
  let found: Partial<Training> | null;
  try {
    found = JSON.parse(new TextDecoder().decode(fileOf(files, TRAINING))) as Partial<Training> | null;
  } catch (cause) {
    if (cause instanceof ResumeError) throw cause;
    throw new ResumeError('E_STATE', `restoreTraining: expected JSON in ${TRAINING} but found none. Go back to an earlier checkpoint.`, { cause });
  }
  const whole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const numbers = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === 'number');
  if (found?.formatVersion !== FORMAT_VERSION) {
    throw new ResumeError('E_STATE', `restoreTraining: expected format version ${FORMAT_VERSION} in ${TRAINING} but found ${String(found?.formatVersion)}. Read it with the version that wrote it.`);
  }
  const { step, tokens, guard, lossScale, data = null, config = null } = found;
  const factor = lossScale === undefined || (Number.isFinite(lossScale?.scale) && lossScale.scale >= 1 && whole(lossScale.good));
  if (!whole(step) || !whole(tokens) || !numbers(guard?.losses) || !numbers(guard?.norms) || !whole(guard?.bad) || !factor) {
    throw new ResumeError('E_STATE', `restoreTraining: expected step, tokens and guard in ${TRAINING} but found others. Go back to an earlier checkpoint.`);
  }
  return { formatVersion: FORMAT_VERSION, step: step!, tokens: tokens!, guard: guard!, ...(lossScale === undefined ? {} : { lossScale }), data, config };
}

/** Each tensor with what was stored for it, or an error that names the first few that differ. */
function matched(file: string, targets: ReadonlyMap<string, Stored>, files: ReadonlyMap<string, Uint8Array>): { blocks: Stored; raw: RawTensor }[] {
  let tensors: ReadonlyMap<string, RawTensor>;
  try {
    tensors = readSafetensors(fileOf(files, file)).tensors;
  } catch (cause) {
    if (!(cause instanceof SafetensorsError)) throw cause;
    throw new ResumeError('E_STATE', `restoreTraining: expected a whole ${file} but found: ${cause.message} Go back to an earlier checkpoint.`, { cause });
  }
  const problems = [...tensors.keys()].filter((name) => !targets.has(name)).map((name) => `${name} is stored but not wanted`);
  const writes = [...targets].flatMap(([name, blocks]) => {
    const raw = tensors.get(name);
    const shape = shapeOf(blocks);
    if (raw === undefined) problems.push(`${name} is missing`);
    else if (raw.shape.join() !== shape.join()) problems.push(`${name} has shape [${raw.shape.join(', ')}], not [${shape.join(', ')}]`);
    else return [{ blocks, raw }];
    return [];
  });
  if (problems.length === 0) return writes;
  throw new ResumeError(
    'E_STATE',
    `restoreTraining: expected ${file} of these parameters and this optimizer but found ${problems.length} that differ: ${problems.slice(0, 5).join('; ')}${problems.length > 5 ? '; …' : ''}. `
    + 'Go on with the model, the optimizer and the trainable parameters that the run began with.',
  );
}

function valuesOf({ dtype, data }: RawTensor): Float32Array | Int32Array | Uint8Array {
  const bytes = new Uint8Array(data); // aligned
  if (dtype === 'F32') return new Float32Array(bytes.buffer);
  return dtype === 'I32' ? new Int32Array(bytes.buffer) : bytes;
}
