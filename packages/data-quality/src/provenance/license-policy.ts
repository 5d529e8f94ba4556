import type { Document, Dropped, Filter, Rule } from '../types.ts';
import { COLLECTION_KINDS, provenanceOf, type CollectionKind } from './provenance.ts';
import { parseSpdx, satisfiesSpdx, type SpdxExpression, type SpdxLicense } from './spdx-expression.ts';

export interface LicensePolicyOptions {
  /** SPDX identifiers, or a function that decides about one licence. */
  readonly allow: readonly string[] | ((license: SpdxLicense, document: Document) => boolean);
  /** Default: all kinds. */
  readonly collections?: readonly CollectionKind[];
}

const RULES = ['source_missing', 'collection_missing', 'collection_not_allowed', 'license_missing', 'license_invalid', 'license_not_allowed'] as const;

/** Who may take a later version may take this one; who is given an exception need not use it. */
function listAllows(list: ReadonlySet<string>): (license: SpdxLicense) => boolean {
  return ({ license, orLater, exception }) => {
    const name = license.toLowerCase();
    const later = orLater ? `${name}+` : name;
    const names = [name, later, ...(name.endsWith('-or-later') ? [`${name.slice(0, -9)}-only`] : [])];
    if (orLater) names.push(`${name}-or-later`, `${name}-only`);
    return names.some((each) => list.has(each) || (exception !== undefined && list.has(`${each} with ${exception.toLowerCase()}`)));
  };
}

/**
 * A filter that lets a document pass only with a source, a collection kind that is allowed, and a licence expression that
 * can be met with allowed licences (AND: all of them, OR: one). The reasons, in this order: source_missing,
 * collection_missing, collection_not_allowed, license_missing, license_invalid, license_not_allowed. Each is measured as 0
 * where 1 is needed.
 *
 * Listed identifiers match in any case. `GPL-2.0-or-later` and `GPL-2.0+` pass where `GPL-2.0-only` is listed, and `X WITH E`
 * where X is; list `X WITH E` to allow only that. NONE and NOASSERTION are no licences and pass only where listed.
 *
 * @example
 * ```ts
 * import { licensePolicy } from '@llm/data-quality';
 * const policy = licensePolicy({ allow: ['MIT', 'CC-BY-4.0'], collections: ['open_set', 'expert_annotation'] });
 * const provenance = { source: 'web', collection: 'open_set', license: 'CC-BY-NC-4.0' };
 * const verdict = policy.check({ id: 'a', text: 'x', meta: { provenance } });
 * console.assert(!verdict.keep && verdict.reason === 'license_not_allowed');
 * ```
 */
export function licensePolicy({ allow, collections = COLLECTION_KINDS }: LicensePolicyOptions): Filter {
  const listed = typeof allow === 'function' ? undefined : listAllows(new Set(allow.map((name) => name.toLowerCase().replace(/\s+/g, ' '))));
  const rules = RULES.map((reason): Rule => ({ reason, threshold: 1, comparison: 'min' }));
  const drop = (reason: (typeof RULES)[number]): Dropped => ({ keep: false, reason, measured: 0, threshold: 1, comparison: 'min' });
  // A data set has a handful of licences and many documents.
  const parsed = new Map<string, SpdxExpression | undefined>();
  const parse = (license: string): SpdxExpression | undefined => {
    if (!parsed.has(license)) {
      if (parsed.size > 1000) parsed.clear();
      let expression: SpdxExpression | undefined;
      try {
        expression = parseSpdx(license);
      } catch {
        // Undefined stands for what is no expression: a verdict about the document, not a failure of the run.
      }
      parsed.set(license, expression);
    }
    return parsed.get(license);
  };
  return {
    name: 'licensePolicy',
    rules,
    check: (document) => {
      const { source, collection, license } = provenanceOf(document);
      if (source === undefined || source === '') return drop('source_missing');
      if (collection === undefined) return drop('collection_missing');
      if (!collections.includes(collection)) return drop('collection_not_allowed');
      if (license === undefined || license.trim() === '') return drop('license_missing');
      const expression = parse(license);
      if (!expression) return drop('license_invalid');
      const met = satisfiesSpdx(expression, (each) => (listed ? listed(each) : (allow as (license: SpdxLicense, document: Document) => boolean)(each, document)));
      return met ? { keep: true } : drop('license_not_allowed');
    },
  };
}
