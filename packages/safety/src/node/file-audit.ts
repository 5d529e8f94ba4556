import { open } from 'node:fs/promises';
import { type AuditLog, auditLog, type AuditLogOptions, verifyAuditLog } from '../audit/audit-log.ts';
import { SafetyError } from '../safety-error.ts';

/** A log in a file, to be closed. */
export interface FileAudit extends AuditLog {
  close(): Promise<void>;
}

/**
 * An audit log in a file, to which each line is added and flushed before `record` is done. A file that is there is checked and gone on with; a last line that
 * was cut off, as by a power failure, is cut away.
 *
 * @throws SafetyError E_AUDIT for a file that was changed.
 *
 * @example
 * ```ts
 * import { mkdtemp, readFile } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { fileAudit } from '@llm/safety/node';
 * const path = join(await mkdtemp(join(tmpdir(), 'audit-')), 'audit.jsonl');
 * const log = await fileAudit(path);
 * await log.record({ layer: 'evaluation', action: 'gate', details: { passed: true } });
 * await log.close();
 * if (!(await readFile(path, 'utf8')).endsWith('"}\n')) throw new Error('one line');
 * ```
 */
export async function fileAudit(path: string, options: Omit<AuditLogOptions, 'write' | 'last'> = {}): Promise<FileAudit> {
  const file = await open(path, 'a+', 0o600);
  try {
    const text = await file.readFile('utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const entries = await verifyAuditLog(whole.split('\n').slice(0, -1));
    if (whole.length < text.length) await file.truncate(Buffer.byteLength(whole));
    const last = entries.at(-1);
    const log = auditLog({
      ...options, ...(last === undefined ? {} : { last }),
      write: async (line) => {
        await file.appendFile(`${line}\n`);
        await file.datasync();
      },
    });
    return { ...log, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error instanceof SafetyError ? new SafetyError('E_AUDIT', `fileAudit: expected ${path} to be a whole audit log but found another. ${error.message}`, { cause: error }) : error;
  }
}
