import { constants, existsSync } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { hasRelaxedSimd, hasSimd } from '@llm/kernels';
import { bytes } from '../cli/format.ts';
import type { GpuAnswer } from '../device/ask-gpu.ts';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'note' | 'problem';
  readonly found: string;
  /** What to do, where something can be done. */
  readonly remedy?: string;
  /** Training is impossible while it stays so. */
  readonly blocks?: true;
}

/** Fused multiply-add comes with this release. */
const FAST_NODE = 24;
/** Node's own flag aside, relaxed SIMD is on from here. */
const RELAXED_NODE = 22;
/** The smallest model with its text, and a checkpoint of it. */
const LEAST_MEMORY = 2 ** 28;
const LEAST_DISK = 2 ** 25;
/** A model of some million parameters keeps two checkpoints of three numbers for each. */
const ENOUGH_MEMORY = 2 ** 31;
const ENOUGH_DISK = 2 ** 32;

/** The card that Linux knows of, whatever its driver offers. */
export function cardSeen(): string | undefined {
  if (existsSync('/proc/driver/nvidia/version')) return 'NVIDIA\'s kernel driver is loaded';
  return existsSync('/dev/dri/renderD128') ? 'Linux shows one at /dev/dri/renderD128' : undefined;
}

/** Whether there is a card to compute on; never in the way of training, which WebAssembly does too. */
export function checkGpu({ facts, fault, rates }: GpuAnswer, seen: string | undefined = cardSeen()): Check {
  const name = 'graphics card';
  if (fault !== undefined) {
    const hidden = facts === undefined && seen !== undefined;
    return { name, state: fault.kind === 'broken' || hidden ? 'problem' : 'note', found: `Found ${fault.found}${hidden ? `, though ${seen}` : ''}.`, remedy: fault.remedy };
  }
  if (facts === undefined) throw new TypeError('checkGpu: expected facts or a fault but found neither.');
  if (facts.software) return { name, state: 'note', found: `Imitated in software (${facts.description}): right, and slower than WebAssembly.`, remedy: 'Install the driver of the graphics card, if there is one.' };
  if (rates?.matmulF16Flops === null) return { name, state: 'note', found: `${facts.description}. It offers half precision and multiplies wrongly with it: float32 is used everywhere.`, remedy: 'Update the driver.' };
  return { name, state: 'ok', found: `${facts.description}.` };
}

/** What this Node does for WebAssembly. */
export function checkEngine({ node = process.versions.node, simd = hasSimd(), relaxed = hasRelaxedSimd() }: { node?: string; simd?: boolean; relaxed?: boolean } = {}): Check {
  const name = 'engine';
  const major = Number(node.split('.')[0]);
  const update = `Use Node ${FAST_NODE}, for instance with npx --package=node@${FAST_NODE} -- llm …`;
  if (!simd) return { name, state: 'problem', found: `Node ${node} without WebAssembly SIMD: everything runs in plain TypeScript and far slower.`, remedy: update };
  if (!relaxed) return { name, state: 'note', found: `Node ${node} has no relaxed SIMD (from Node ${RELAXED_NODE} on): WebAssembly runs at half its speed.`, remedy: update };
  if (major < FAST_NODE) return { name, state: 'note', found: `Node ${node} does not fuse multiply and add: WebAssembly runs at half its speed.`, remedy: update };
  return { name, state: 'ok', found: `Node ${node} with relaxed SIMD and fused multiply-add.` };
}

/** Whether helper threads run; a page needs cross-origin isolation for them, Node does not. */
export function checkThreads({ threads, processors, notes }: { threads: number; processors: number; notes: readonly string[] }): Check {
  const name = 'threads';
  const why = notes.find((note) => note.startsWith('One thread'));
  if (why !== undefined) return { name, state: 'problem', found: why, remedy: 'In a container allow threads; in Node shared memory needs no cross-origin isolation, which is for pages.' };
  return { name, state: 'ok', found: `${threads} of ${processors} processors compute; cross-origin isolation is for pages.` };
}

/** Whether a small model has room. */
export function checkFreeMemory(freeBytes: number): Check {
  const name = 'memory';
  if (freeBytes < LEAST_MEMORY) return { name, state: 'problem', found: `${bytes(freeBytes)} free, less than the ${bytes(LEAST_MEMORY)} of the smallest model.`, remedy: 'End other programs, or give the container more.', blocks: true };
  if (freeBytes < ENOUGH_MEMORY) return { name, state: 'note', found: `${bytes(freeBytes)} free: small models only.`, remedy: 'End other programs, or use --checkpointed and a small --batch.' };
  return { name, state: 'ok', found: `${bytes(freeBytes)} free.` };
}

/** Whether runs can be saved where the command was called. */
export async function checkDisk(folder: string): Promise<Check> {
  const name = 'disk';
  try {
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    return checkFreeDisk(bavail * bsize);
  } catch (error) {
    return { name, state: 'problem', found: `Nothing can be written to ${folder} (${(error as NodeJS.ErrnoException).code ?? String(error)}).`, remedy: 'Go to another folder, or name one with --runs.', blocks: true };
  }
}

/** Whether runs of so much free disk can be saved. */
export function checkFreeDisk(freeBytes: number): Check {
  const name = 'disk';
  if (freeBytes < LEAST_DISK) return { name, state: 'problem', found: `${bytes(freeBytes)} free here: no room for a checkpoint.`, remedy: 'Free some, or keep runs elsewhere with --runs.', blocks: true };
  if (freeBytes < ENOUGH_DISK) return { name, state: 'note', found: `${bytes(freeBytes)} free here; a model of 100 million parameters keeps 3.6 GB of checkpoints while it trains.`, remedy: 'Keep runs elsewhere with --runs.' };
  return { name, state: 'ok', found: `${bytes(freeBytes)} free here.` };
}
