import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { filterDocuments } from '../filter-documents.ts';
import { createLedger } from '../ledger.ts';
import type { Document } from '../types.ts';
import { licensePolicy } from './license-policy.ts';
import { provenanceOf, withProvenance, type Provenance } from './provenance.ts';
import { parseSpdx, satisfiesSpdx } from './spdx-expression.ts';

const { expressions, wrong } = JSON.parse(readFileSync(new URL('../../fixtures/spdx.json', import.meta.url), 'utf8')) as {
  expressions: [expression: string, allowed: string[], met: boolean][];
  wrong: string[];
};

const documentWith = (provenance: Record<string, unknown>): Document => ({ id: 'a', text: 'x', meta: { provenance: { source: 's', collection: 'open_set', license: 'MIT', ...provenance } } });
const reason = (policy: ReturnType<typeof licensePolicy>, provenance: Record<string, unknown>): string | undefined => {
  const verdict = policy.check(documentWith(provenance));
  return verdict.keep ? undefined : verdict.reason;
};

test('expressions are met as license-expression parses them', () => {
  expect(expressions.filter(([text, allowed, met]) => satisfiesSpdx(parseSpdx(text), ({ license }) => allowed.includes(license)) !== met)).toEqual([]);
  expect(new Set(expressions.map(([, , met]) => met)).size).toBe(2);
});

test('OR binds less than AND, AND less than WITH', () => {
  expect(parseSpdx('A OR B+ AND C WITH e')).toEqual({ or: [{ license: 'A', orLater: false }, { and: [{ license: 'B', orLater: true }, { license: 'C', orLater: false, exception: 'e' }] }] });
  expect(parseSpdx('((DocumentRef-x:LicenseRef-y))')).toEqual({ license: 'DocumentRef-x:LicenseRef-y', orLater: false });
  expect(parseSpdx('a and b')).toEqual({ and: [{ license: 'a', orLater: false }, { license: 'b', orLater: false }] });
});

test('what is no expression', () => {
  for (const text of [...wrong, '', ' ', 'MIT And Zlib', 'MIT Zlib', 'MIT, Zlib', 'MIT/Zlib', 'MIT++', 'Licence: MIT', 'MIT WITH (e)', '中文']) expect(() => parseSpdx(text), text).toThrow(RangeError);
  expect(() => parseSpdx('('.repeat(2000) + 'MIT' + ')'.repeat(2000))).toThrow('parentheses');
  expect(() => parseSpdx('MIT OR '.repeat(100_000))).toThrow('units');
  expect(() => parseSpdx('MIT AND')).toThrow('parseSpdx: expected an SPDX licence expression but found its end missing. Write it as in "MIT OR Apache-2.0".');
});

test('the policy and its reasons, in order', () => {
  const policy = licensePolicy({ allow: ['MIT', 'cc-by-4.0', 'GPL-2.0-only', 'Zlib WITH e'], collections: ['open_set', 'expert_annotation'] });
  expect(reason(policy, { source: '' })).toBe('source_missing');
  expect(reason(policy, { collection: undefined })).toBe('collection_missing');
  expect(reason(policy, { collection: 'synthetic' })).toBe('collection_not_allowed');
  for (const license of [undefined, '', ' ', 7]) expect(reason(policy, { license })).toBe('license_missing');
  for (const license of ['see the site', 'MIT OR']) expect(reason(policy, { license })).toBe('license_invalid');
  for (const license of ['CC-BY-NC-4.0', 'MIT AND GPL-3.0-only', 'NONE', 'NOASSERTION', 'Zlib', 'Zlib WITH f', 'GPL-3.0-or-later']) expect(reason(policy, { license }), license).toBe('license_not_allowed');
  for (const license of ['MIT', 'mit', 'CC-BY-4.0', 'GPL-3.0-only OR MIT', 'GPL-2.0-or-later', 'GPL-2.0+', 'GPL-2.0-only WITH anything', 'Zlib WITH e']) expect(reason(policy, { license }), license).toBeUndefined();
  expect(policy.rules.map((rule) => rule.reason)).toEqual(['source_missing', 'collection_missing', 'collection_not_allowed', 'license_missing', 'license_invalid', 'license_not_allowed']);
});

test('a function decides, with the document in hand', () => {
  const policy = licensePolicy({ allow: ({ license }, { id }) => license.startsWith('CC-') && !license.includes('-NC') && id === 'a' });
  expect(reason(policy, { license: 'CC-BY-NC-4.0' })).toBe('license_not_allowed');
  expect(reason(policy, { license: 'CC-BY-4.0' })).toBeUndefined();
});

test('provenance is put on each document, in a pipeline the ledger says what the policy refused', async () => {
  const given: Provenance = { source: 'wiki', collection: 'open_set', license: 'CC-BY-SA-4.0' };
  const documents: Document[] = [{ id: '1', text: 'x', source: 'a.jsonl' }, { id: '2', text: 'y', meta: { lang: 'en', provenance: { license: 'MIT', source: 'forum' } } }];
  const ledger = createLedger();
  const kept: Document[] = [];
  for await (const document of filterDocuments(withProvenance(documents, given), [licensePolicy({ allow: ['MIT'] })], { ledger })) kept.push(document);
  expect(kept).toEqual([{ id: '2', text: 'y', meta: { lang: 'en', provenance: { source: 'forum', collection: 'open_set', license: 'MIT' } } }]);
  expect(ledger.toJSON().dropped).toMatchObject([{ reason: 'license_not_allowed', documents: 1, examples: ['1'] }]);
  expect(provenanceOf({ id: 'a', text: '', source: 'f', meta: { provenance: { license: 3, url: 'u' } } })).toEqual({ source: 'f', url: 'u' });
  await expect(withProvenance(documents, { ...given, license: '' }).next()).rejects.toThrow('expected a license');
  await expect(withProvenance(documents, () => ({ ...given, collection: 'web' as 'open_set' })).next()).rejects.toThrow('expected a collection out of');
});
