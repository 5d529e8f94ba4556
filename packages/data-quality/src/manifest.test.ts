import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { checkManifest, createManifest } from './manifest.ts';
import { diffManifests } from './manifest-diff.ts';
import type { Document } from './types.ts';

const make = (id: string, text: string, license = 'MIT', source = 's'): Document => ({ id, text, meta: { provenance: { source, collection: 'open_set', license } } });
const of = (...documents: Document[]) => createManifest(documents, { name: 'x' });

test('hashes, totals and groups', async () => {
  const manifest = await of(make('b', 'zwei 😀'), make('a', 'one'), make('c', 'x', 'Zlib', 't'), { id: 'd', text: '' });
  expect(manifest.entries.map(({ id, sha256 }) => [id, sha256])).toEqual([['a', 'one'], ['b', 'zwei 😀'], ['c', 'x'], ['d', '']].map(([id, text = '']) => [id, createHash('sha256').update(text).digest('hex')]));
  expect(manifest).toMatchObject({ documents: 4, characters: 10, bytes: 13 });
  expect(manifest.groups).toEqual([
    { source: '', collection: '', license: '', documents: 1, bytes: 0 },
    { source: 's', collection: 'open_set', license: 'MIT', documents: 2, bytes: 12 },
    { source: 't', collection: 'open_set', license: 'Zlib', documents: 1, bytes: 1 },
  ]);
});

test('the version does not depend on the order, and does on anything else', async () => {
  const { version } = await of(make('a', '1'), make('b', '2'));
  expect((await of(make('b', '2'), make('a', '1'))).version).toBe(version);
  for (const other of [[make('a', '1')], [make('a', '2'), make('b', '1')], [make('a', '1', 'Zlib'), make('b', '2')], [make('a', '1', 'MIT', 't'), make('b', '2')], [make('a', '1'), make('b ', '2')]]) expect((await of(...other)).version).not.toBe(version);
  await expect(of(make('a', '1'), make('a', '2'))).rejects.toMatchObject({ code: 'E_MANIFEST' });
});

test('a stored manifest that was touched is refused', async () => {
  const manifest = await of(make('a', '1'), make('b', '2'));
  expect(await checkManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
  const [first, second] = manifest.entries;
  for (const wrong of [null, 'x', {}, { ...manifest, format: 2 }, { ...manifest, entries: [first] }, { ...manifest, entries: [{ ...first, license: 'Zlib' }, second] }, { ...manifest, entries: [null] }, { ...manifest, bytes: 3 }, { ...manifest, groups: [] }]) {
    await expect(checkManifest(wrong)).rejects.toMatchObject({ code: 'E_MANIFEST' });
  }
});

test('the difference of two versions', async () => {
  const before = await of(make('same', '0'), make('text', '1'), make('license', '2'), make('gone', '3'), make('moved', '4'), make('twice', '4'));
  const after = await of(make('same', '0'), make('text', '11'), make('license', '2', 'Zlib', 't'), make('new', '5'), make('moved-here', '4'));
  expect(diffManifests(before, after)).toEqual({
    from: before.version,
    to: after.version,
    added: ['new'],
    removed: ['gone', 'twice'],
    changed: ['text'],
    relabelled: [{ id: 'license', field: 'license', from: 'MIT', to: 'Zlib' }, { id: 'license', field: 'source', from: 's', to: 't' }],
    moved: [{ from: 'moved', to: 'moved-here' }],
    unchanged: 1,
    bytesBySource: { s: -1, t: 1 },
  });
  expect(diffManifests(after, after)).toMatchObject({ added: [], removed: [], changed: [], relabelled: [], moved: [], unchanged: 5, bytesBySource: { s: 0, t: 0 } });
});
