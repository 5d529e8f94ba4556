import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = readdirSync(join(root, 'packages'))
  .flatMap((name) => readdirSync(join(root, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' }).map((path) => join(root, 'packages', name, 'src', path)))
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  // Literals that are joined over two lines, and quotes that are escaped in one.
  .map((path) => readFileSync(path, 'utf8').replace(/['`]\s*\+ ['`]/g, '').replaceAll("\\'", "'"));

interface Row { readonly number: string; readonly says: string; readonly code: string; readonly path: string }

const rows = readFileSync(`${root}docs/faults.md`, 'utf8').split('\n').flatMap((line): Row[] => {
  const [number = '', , says = '', code = '', link = ''] = line.split(' |').map((cell) => cell.replace(/^\|? /, ''));
  const path = /\]\(\.\.\/(.+)\)$/.exec(link)?.[1];
  return path === undefined ? [] : [{ number, says, code: code.replaceAll('`', '').trim(), path }];
});

test('the table has rows, numbered from 1', () => {
  expect(rows.length).toBeGreaterThan(50);
  expect(rows.map(({ number }) => Number(number))).toEqual(rows.map((_, i) => i + 1));
});

test.each(rows)('$number: $code $says ($path)', ({ says, code, path }) => {
  expect(existsSync(root + path), path).toBe(true);
  const shown = readFileSync(root + path, 'utf8').replaceAll('\\', '');
  const quoted = /^“(.*)”$/.exec(says)?.[1];
  const parts = quoted?.split('…').map((part) => part.trim()).filter((part) => part.length > 2) ?? [];
  if (quoted !== undefined) expect(sources.some((text) => parts.every((part) => text.includes(part))), `no source says all of: ${parts.join(' … ')}`).toBe(true);
  if (code !== '') {
    expect(shown).toContain(code);
    expect(sources.some((text) => text.includes(code))).toBe(true);
  } else if (quoted !== undefined) {
    expect(parts.some((part) => part.length >= 8 && shown.includes(part)), `${path} shows none of: ${parts.join(' … ')}`).toBe(true);
  }
});
