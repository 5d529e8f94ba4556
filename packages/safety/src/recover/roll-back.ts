import type { AuditLog } from '../audit/audit-log.ts';
import { SafetyError } from '../safety-error.ts';

export interface RollBackOptions<C> {
  /** The newest first. */
  readonly checkpoints: readonly C[];
  /** Puts a checkpoint in the place of what is running. */
  readonly restore: (checkpoint: C) => void | Promise<void>;
  /** Whether what is running now is safe: a gate, a regression list, or both. */
  readonly check: (checkpoint: C) => boolean | Promise<boolean>;
  /** What a checkpoint is called in the log; default String. */
  readonly nameOf?: (checkpoint: C) => string;
  /** Why; goes to the log. */
  readonly reason: string;
  readonly audit?: AuditLog;
}

/** Where a rollback ended. */
export interface RolledBack<C> {
  readonly checkpoint: C;
  /** Newer ones that did not pass, or could not be restored. */
  readonly refused: readonly C[];
}

/**
 * Goes back to the newest checkpoint that is safe: restores one after the other and keeps the first that passes the check.
 *
 * @throws SafetyError E_ROLLBACK where none passes; what was restored last is then in place, and should not be served.
 *
 * @example
 * ```ts
 * import { rollBack } from '@llm/safety';
 * let running = 'step 300';
 * const { checkpoint } = await rollBack({
 *   checkpoints: ['step 200', 'step 100'], reason: 'the gate failed', restore: (name) => { running = name; }, check: (name) => name !== 'step 200',
 * });
 * if (checkpoint !== 'step 100' || running !== 'step 100') throw new Error(running);
 * ```
 */
export async function rollBack<C>({ checkpoints, restore, check, nameOf = String, reason, audit }: RollBackOptions<C>): Promise<RolledBack<C>> {
  const refused: C[] = [];
  for (const checkpoint of checkpoints) {
    let why = 'it did not pass';
    try {
      await restore(checkpoint);
      if (await check(checkpoint)) {
        await audit?.record({ layer: 'evaluation', action: 'roll back', reason, details: { checkpoint: nameOf(checkpoint), refused: refused.length } });
        return { checkpoint, refused };
      }
    } catch (error) {
      why = (error as Error).message;
    }
    refused.push(checkpoint);
    await audit?.record({ layer: 'evaluation', action: 'refuse checkpoint', reason: why, details: { checkpoint: nameOf(checkpoint) } });
  }
  throw new SafetyError('E_ROLLBACK', `rollBack: expected one of ${checkpoints.length} checkpoints to pass but found none. Stop serving; train again from a state that is known to be good.`);
}

export interface PatchOptions {
  /** Changes what is running, such as by an adapter or a word in the system prompt. */
  readonly apply: () => void | Promise<void>;
  /** Takes the change back. */
  readonly revert: () => void | Promise<void>;
  readonly check: () => boolean | Promise<boolean>;
  readonly name: string;
  readonly audit?: AuditLog;
}

/** Tries a patch: it stays where the check passes, and is taken back where it does not or where the check fails. Returns whether it stayed. */
export async function patch({ apply, revert, check, name, audit }: PatchOptions): Promise<boolean> {
  let passed = false;
  let reason = 'it did not pass';
  try {
    await apply();
    passed = await check();
  } catch (error) {
    reason = (error as Error).message;
  }
  if (!passed) await revert();
  await audit?.record({ layer: 'evaluation', action: passed ? 'patch' : 'revert patch', ...(passed ? {} : { reason }), details: { name } });
  return passed;
}
