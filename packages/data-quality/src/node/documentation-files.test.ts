import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { documentationFiles } from './documentation-files.ts';

let root = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'project-')));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const put = (path: string, content = ''): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
};
const link = (path: string, target: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
};
const add = (folder: string, name: string, version: string): void => {
  put(`${folder}/package.json`, JSON.stringify({ name, version }));
  put(`${folder}/README.md`);
  put(`${folder}/index.js`);
  put(`${folder}/lib/index.d.ts`);
};
const found = async (from = root): Promise<string[]> => {
  const out: string[] = [];
  for await (const path of documentationFiles(from)) out.push(relative(root, path).split('\\').join('/'));
  return out;
};

test("npm's layout: nested versions, scopes, the same version twice, workspace links", async () => {
  add('node_modules/b', 'b', '2.0.0');
  add('node_modules/@s/a', '@s/a', '1.0.0');
  add('node_modules/b/node_modules/c', 'c', '1.0.0');
  add('node_modules/d/node_modules/c', 'c', '1.0.0');
  add('node_modules/d', 'd', '1.0.0');
  add('node_modules/c', 'c', '2.0.0');
  add('packages/mine', '@me/mine', '0.0.0');
  link('node_modules/@me/mine', '../../packages/mine');
  put('node_modules/.bin/tool.md');
  expect(await found()).toEqual([
    'node_modules/@s/a/README.md', 'node_modules/@s/a/lib/index.d.ts', 'node_modules/b/README.md', 'node_modules/b/lib/index.d.ts', 'node_modules/b/node_modules/c/README.md', 'node_modules/b/node_modules/c/lib/index.d.ts',
    'node_modules/c/README.md', 'node_modules/c/lib/index.d.ts', 'node_modules/d/README.md', 'node_modules/d/lib/index.d.ts',
  ]);
  expect(await found(join(root, 'node_modules'))).toEqual(await found());
});

test("pnpm's layout: every package of the store once, whatever links to it", async () => {
  const store = 'node_modules/.pnpm';
  add(`${store}/a@1.0.0/node_modules/a`, 'a', '1.0.0');
  add(`${store}/b@1.0.0/node_modules/b`, 'b', '1.0.0');
  add(`${store}/b@2.0.0/node_modules/b`, 'b', '2.0.0');
  add(`${store}/p@1.0.0_a@1.0.0/node_modules/p`, 'p', '1.0.0');
  add(`${store}/p@1.0.0_b@2.0.0/node_modules/p`, 'p', '1.0.0');
  add(`${store}/@s+q@1.0.0/node_modules/@s/q`, '@s/q', '1.0.0');
  add(`${store}/@me+mine@file+packages+mine/node_modules/@me/mine`, '@me/mine', '0.0.0');
  add('packages/mine', '@me/mine', '0.0.0');
  link(`${store}/a@1.0.0/node_modules/b`, '../../b@1.0.0/node_modules/b');
  link('node_modules/a', '.pnpm/a@1.0.0/node_modules/a');
  link(`${store}/node_modules/b`, '../b@2.0.0/node_modules/b');
  link('node_modules/@me/mine', '../../packages/mine');
  const inStore = ['@s+q@1.0.0/node_modules/@s/q', 'a@1.0.0/node_modules/a', 'b@1.0.0/node_modules/b', 'b@2.0.0/node_modules/b', 'p@1.0.0_a@1.0.0/node_modules/p'];
  expect(await found()).toEqual(inStore.flatMap((each) => [`${store}/${each}/README.md`, `${store}/${each}/lib/index.d.ts`]));
});

test('no node_modules says so', async () => {
  await expect(found()).rejects.toMatchObject({ code: 'E_NOT_FOUND', file: join(root, 'node_modules') });
});
