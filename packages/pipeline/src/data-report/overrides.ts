import type { ReviewOverride } from '@llm/data-quality';
import { readJsonRecords } from '@llm/data-quality/node';
import { z } from 'zod';
import { CliError } from '../cli/cli-error.ts';

const OVERRIDE = z.object({ id: z.string(), hash: z.string().regex(/^[\da-f]{32}$/), verdict: z.enum(['keep', 'drop', 'edit']), text: z.string().optional(), note: z.string().optional() })
  .refine(({ verdict, text }) => (verdict === 'edit') === (text !== undefined), { error: 'a text for edit, and for nothing else' });

/** What people decided, as `llm data review apply` wrote it. */
export async function readOverrides(file: string): Promise<ReviewOverride[]> {
  const overrides: ReviewOverride[] = [];
  for await (const record of readJsonRecords(file)) {
    const { line } = record;
    if (record.error !== undefined && record.error.code !== 'E_JSON') throw record.error;
    const { data, error } = OVERRIDE.safeParse(record.error === undefined ? record.value : undefined);
    if (error) throw new CliError('E_OVERRIDES', `llm data: expected an override as llm data review apply writes it but found something else in ${file}, line ${line}: ${error.issues[0]?.message}. Apply the review again.`);
    overrides.push(data as ReviewOverride);
  }
  return overrides;
}
