import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyAuditLog } from '@llm/safety';
import { fileAudit } from '@llm/safety/node';
import { expect } from '../expect.mjs';

const path = join(await mkdtemp(join(tmpdir(), 'audit-')), 'audit.jsonl');
for (const action of ['one', 'two']) {
  const log = await fileAudit(path);
  await log.record({ layer: 'inference', action });
  await log.close();
}
expect((await verifyAuditLog((await readFile(path, 'utf8')).trim().split('\n'))).length === 2, 'two lines');
