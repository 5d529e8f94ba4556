import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createModel, flopsPerToken } from '@llm/model';
import { PAIRED } from '../lifecycle/figures.ts';
import { readRun } from '../run/run-record.ts';
import { readStage } from '../stage/stage-record.ts';

/**
 * Floating-point operations of a finished run: those of a training step per token, times the tokens that were learned.
 *
 *   flops = 3 · (2 · (N + V · d) + 4 · layers · heads · headDim · length) · tokens
 *
 * In stages after pretraining the tokens that are only read (questions) are not counted, nor is what is sampled: at least so many.
 * Stages that compare completions count pairs and no tokens. Undefined for those, and where the folder holds no finished run, or no configuration to count from.
 */
export async function stepFlops(folder: string): Promise<number | undefined> {
  const run = await readRun(folder);
  if (run?.result !== undefined) return flopsPerToken(createModel(run.settings.model), { length: run.settings.training.length }).training * run.result.tokens;
  const stage = await readStage(folder);
  const config = join(folder, 'config.json');
  if (stage?.result === undefined || PAIRED.has(stage.stage) || !existsSync(config)) return undefined;
  const model = createModel(JSON.parse(readFileSync(config, 'utf8')) as Record<string, unknown>);
  if ('decoderLayers' in model.shape) return undefined;
  const length = Math.max(1, Math.min(Number(stage.options['max-length'] ?? model.shape.maxPositions), model.shape.maxPositions));
  return flopsPerToken(model, { length }).training * stage.result.tokens;
}
