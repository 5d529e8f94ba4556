import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Model, ModelConfig } from '@llm/model';
import { loadPretrained } from '@llm/model/node';
import { disposeTree, flatten, parseIndex, SafetensorsError, type Tree } from '@llm/tensor';
import { startTraining } from '@llm/train';
import { saveTraining } from '@llm/train/node';
import { CliError } from '../cli/cli-error.ts';
import { count } from '../cli/format.ts';
import type { RunInit, RunRecord } from '../run/run-record.ts';
import { optimizerOf, runConfig } from './train-run.ts';

export interface GivenOptions {
  readonly folder: string;
  /** How the user calls the folder. */
  readonly shown: string;
  /** Take weights with NaN and infinities all the same. */
  readonly allowNonFinite: boolean;
}

/** Weights to begin with, and what came with them. */
export interface GivenWeights {
  readonly model: Model<ModelConfig>;
  readonly params: Tree;
  readonly tokenizerJson: string | undefined;
  /** What run.json remembers of them. */
  readonly init: RunInit;
}

/** Tensors that a refusal names. */
const NAMED = 3;

/** Reads a Hugging Face folder onto the device in use, with the hash of every file of weights; refuses what is not finite. */
export async function loadGiven({ folder, shown, allowNonFinite }: GivenOptions): Promise<GivenWeights> {
  const { model, params, tokenizerJson } = await loadPretrained(folder).catch((cause: unknown) => {
    if (!(cause instanceof SafetensorsError) || cause.code !== 'E_NOT_FOUND') throw cause;
    throw new CliError('E_NOT_FOUND', `llm pretrain: expected weights in ${shown} but found neither model.safetensors nor its shards. Download them, or begin with random ones: --config ${join(shown, 'config.json')}.`, { cause });
  });
  try {
    const bad = await nonFinite(params);
    const values = bad.reduce((sum, { nan, infinite }) => sum + nan + infinite, 0);
    if (values > 0 && !allowNonFinite) throw new CliError('E_NON_FINITE', `llm pretrain: expected finite weights in ${shown} but found ${told(bad, values)}. Use another checkpoint, or train on them all the same with --allow-nonfinite.`);
    const sha256: Record<string, string> = {};
    for (const name of await weightFiles(folder)) sha256[name] = await hashOf(join(folder, name));
    return { model, params, tokenizerJson, init: { folder: shown, sha256, nonFinite: values } };
  } catch (error) {
    disposeTree(params);
    throw error;
  }
}

/**
 * Writes the given weights as the checkpoint of step 0, from which a run goes on as from any other: whatever becomes of their
 * folder later, the run does not need it again.
 */
export async function saveAsFirst(runFolder: string, record: RunRecord, { params, init }: GivenWeights): Promise<void> {
  const state = startTraining(params, optimizerOf(record.settings.training));
  try {
    await saveTraining(runFolder, { params, state, config: runConfig(record), finite: init.nonFinite === 0, maxFailures: 1 });
  } finally {
    disposeTree(state.optimizer);
  }
}

interface NonFinite { readonly name: string; readonly nan: number; readonly infinite: number }

async function nonFinite(params: Tree): Promise<NonFinite[]> {
  const found: NonFinite[] = [];
  for (const [name, leaf] of Object.entries(flatten(params))) {
    let [nan, infinite] = [0, 0];
    for (const value of await leaf.data()) {
      if (Number.isNaN(value)) nan++;
      else if (!Number.isFinite(value)) infinite++;
    }
    if (nan + infinite > 0) found.push({ name, nan, infinite });
  }
  return found;
}

function told(bad: readonly NonFinite[], values: number): string {
  const list = bad.slice(0, NAMED).map(({ name, nan, infinite }) => `${name} (${[...(nan > 0 ? [`${count(nan)} NaN`] : []), ...(infinite > 0 ? [`${count(infinite)} infinite`] : [])].join(', ')})`);
  return `${values === 1 ? 'one that is' : `${count(values)} that are`} NaN or infinite, in ${bad.length === 1 ? 'one tensor' : `${count(bad.length)} tensors`}: ${list.join(', ')}${bad.length > NAMED ? ', …' : ''}`;
}

/** The files that `loadPretrained` reads weights from. */
async function weightFiles(folder: string): Promise<readonly string[]> {
  const index = join(folder, 'model.safetensors.index.json');
  return existsSync(index) ? parseIndex(await readFile(index, 'utf8')).shardNames : ['model.safetensors'];
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
