import { createReadStream } from 'node:fs';
import { readLines, type ReviewOverride } from '@llm/data-quality';
import { z } from 'zod';
import { CliError } from '../cli/cli-error.ts';

const OVERRIDE = z.object({ id: z.string(), hash: z.string().regex(/^[\da-f]{32}$/), verdict: z.enum(['keep', 'drop', 'edit']), text: z.string().optional(), note: z.string().optional() })
  .refine(({ verdict, text }) => (verdict === 'edit') === (text !== undefined), { error: 'a text for edit, and for nothing else' });

/** What people decided, as `llm data review apply` wrote it. */
export async function readOverrides(file: string): Promise<ReviewOverride[]> {
  const overrides: ReviewOverride[] = [];
  let line = 0;
  for await (const text of readLines(createReadStream(file), { source: file })) {
    line++;
    if (text === '') continue;
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = undefined;
    }
    const { data, error } = OVERRIDE.safeParse(parsed);
    if (error) throw new CliError('E_OVERRIDES', `llm data: expected an override as llm data review apply writes it but found something else in ${file}, line ${line}: ${error.issues[0]?.message}. Apply the review again.`);
    overrides.push(data as ReviewOverride);
  }
  return overrides;
}
