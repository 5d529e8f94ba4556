import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fileAudit } from '../node/file-audit.ts';
import { auditLog, verifyAuditLog } from './audit-log.ts';

const KEY = 'sk-proj-abcdefghijklmnopqrstuvwx';

describe('auditLog', () => {
  const collected = async (options: Partial<Parameters<typeof auditLog>[0]> = {}) => {
    const lines: string[] = [];
    const log = auditLog({ write: (line) => { lines.push(line); }, now: () => new Date(0), ...options });
    await Promise.all([
      log.record({ layer: 'inference', action: 'stop', reason: `threat near ${KEY}`, details: { score: 0.9, note: `key ${KEY}` }, texts: { prompt: `my secret diary ${KEY}`, output: '😀a' } }),
      log.record({ layer: 'evaluation', action: 'gate' }), log.record({ layer: 'pretraining', action: 'drop', texts: { document: '😀a' } }),
    ]);
    return { lines, log };
  };

  test('lines in order, chained, without words or secrets', async () => {
    const { lines } = await collected();
    const entries = await verifyAuditLog(lines);
    expect(entries.map(({ sequence, time }) => [sequence, time])).toEqual([0, 1, 2].map((n) => [n, '1970-01-01T00:00:00.000Z']));
    expect(entries[1]!.previous).toBe(entries[0]!.hash);
    expect(lines.join('')).not.toMatch(/diary|abcdefgh|😀/);
    expect(entries[0]!.reason).toBe('threat near [secret]');
    // The same text is known again, and its length in code points.
    expect(entries[0]!.texts!.output).toEqual(entries[2]!.texts!.document);
    expect(entries[0]!.texts!.output!.characters).toBe(2);
  });

  test('another log has other digests; words are kept where asked, secrets never', async () => {
    const [first, second] = await Promise.all([collected(), collected({ keepTexts: true })]);
    const digests = await Promise.all([first, second].map(async ({ lines }) => (await verifyAuditLog(lines))[2]!.texts!.document!.digest));
    expect(digests[0]).not.toBe(digests[1]);
    expect(second.lines.join('')).toContain('my secret diary [secret]');
    const key = new Uint8Array(32).fill(7);
    expect(await auditLog({ write: () => {}, key }).digest('a')).toBe(await auditLog({ write: () => {}, key }).digest('a'));
  });

  test.each([
    ['changed', (lines: string[]) => lines.map((line, i) => (i === 1 ? line.replace('gate', 'gone') : line)), /line 2 to have the hash/],
    ['left out', (lines: string[]) => [lines[0]!, lines[2]!], /line 2 to have the number 1 but found 2/],
    ['swapped', (lines: string[]) => [lines[1]!, lines[0]!], /line 1 to have the number 0/],
    ['cut off', (lines: string[]) => [lines[0]!.slice(0, -9)], /line 1 to be JSON/],
    ['put in', (lines: string[]) => [lines[0]!, JSON.stringify({ ...(JSON.parse(lines[1]!) as object), previous: 'f'.repeat(64) })], /line 2 to follow/],
  ])('a line that was %s', async (_, change, message) => {
    const { lines } = await collected();
    await expect(verifyAuditLog(change(lines))).rejects.toMatchObject({ code: 'E_AUDIT', message: expect.stringMatching(message) as string });
  });

  test('a line that could not be written leaves no hole', async () => {
    const lines: string[] = [];
    let full = true;
    const log = auditLog({ write: (line) => { if (full) throw new Error('disk full'); lines.push(line); } });
    await expect(log.record({ layer: 'inference', action: 'stop' })).rejects.toThrow('disk full');
    full = false;
    await log.record({ layer: 'inference', action: 'stop' });
    expect(await verifyAuditLog(lines)).toHaveLength(1);
  });
});

describe('fileAudit', () => {
  test('goes on where it ended, past a torn line, and refuses a file that was changed', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'audit-')), 'audit.jsonl');
    for (const action of ['one', 'two']) {
      const log = await fileAudit(path);
      await log.record({ layer: 'inference', action });
      await log.close();
    }
    const text = await readFile(path, 'utf8');
    await writeFile(path, `${text}{"sequence":2,"ti`);
    const log = await fileAudit(path);
    await log.record({ layer: 'inference', action: 'three' });
    await log.close();
    const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
    expect((await verifyAuditLog(lines)).map(({ action }) => action)).toEqual(['one', 'two', 'three']);
    await writeFile(path, text.replace('one', 'own'));
    await expect(fileAudit(path)).rejects.toMatchObject({ code: 'E_AUDIT' });
  });
});
