import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { redactData } from '@llm/safety';
import { replaceText } from '../run/replace-text.ts';
import type { Verdict } from './gate.ts';
import type { LifecycleRecipe } from './recipe-shape.ts';

/** How a life went: life.json in its folder. */
export interface LifeFile {
  readonly formatVersion: 1;
  readonly name: string;
  /** What was typed. */
  readonly command: string;
  /** The exit code. */
  readonly code: number;
  readonly ending: string;
  readonly recipe: LifecycleRecipe;
  readonly steps: readonly LifeStep[];
}

/** One doing of a step. */
export interface LifeStep {
  readonly step: string;
  readonly place: string;
  readonly round: number;
  /** What was typed for it in the flags of others. */
  readonly path: string;
  /** From the folder of the life. */
  readonly folder: string;
  readonly verdicts: readonly Verdict[];
}

const LIFE_FILE = 'life.json';

/** Writes life.json, whole or not at all. */
export async function writeLife(root: string, life: LifeFile): Promise<void> {
  await replaceText(join(root, LIFE_FILE), `${JSON.stringify(redactData(life, { env: process.env }), null, 2)}\n`);
}

/** How a life went; undefined where the folder is of none. */
export async function readLife(root: string): Promise<LifeFile | undefined> {
  const text = await readFile(join(root, LIFE_FILE), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text) as LifeFile;
}
