import { hostOf, suffixRules } from './registered-domain.ts';
import type { Document, Dropped, Filter } from './types.ts';

/** The lists are the caller's; of each, entries that start with `#` are comments. */
export interface UrlFilterOptions {
  /** Where a document came from. Default: `meta.url`, else `source`. */
  readonly url?: (document: Document) => string | undefined;
  /** Hosts (`ads.example.org`) and domains (`example.org`). */
  readonly domains?: readonly string[];
  /** Whole addresses. */
  readonly urls?: readonly string[];
  /** One of these as a word of the address drops it. */
  readonly bannedWords?: readonly string[];
  /** So many different ones of these do. */
  readonly softBannedWords?: readonly string[];
  /** Default 2. */
  readonly softWordThreshold?: number;
  /** One of these anywhere in the address does, where only letters and digits are looked at. */
  readonly bannedSubwords?: readonly string[];
  /** Lines of the Public Suffix List. Without it the last two labels of a host are its domain. */
  readonly publicSuffixes?: readonly string[];
}

const OTHER = /[^a-zA-Z0-9]+/g;
const normalize = (text: string): string => text.replace(OTHER, '').toLowerCase();
const entries = (list: readonly string[] = []): string[] => list.filter((entry) => !entry.startsWith('#'));
const words = (list: readonly string[] | undefined): Set<string> => new Set(entries(list).map(normalize).filter((word) => word !== ''));

/**
 * Drops documents by their address: `domain`, `subdomain` and `url` where it is listed, `hard_blacklisted` where a banned word
 * is a word of it, `soft_blacklisted` for two soft ones, `blacklisted_subword` where one stands anywhere in it. In this order;
 * words are runs of ASCII letters and digits in the case of the address, as datatrove has it. Without an address: an error.
 *
 * @throws TypeError while checking a document that has no address.
 *
 * @example
 * ```ts
 * import { urlFilter } from '@llm/data-quality';
 * const filter = urlFilter({ domains: ['example.org'], bannedWords: ['casino'] });
 * const of = (url: string) => filter.check({ id: url, text: '', meta: { url } });
 * console.assert(!of('https://www.example.org/a').keep && !of('http://a.net/casino-2').keep && of('http://a.net/casinos').keep);
 * ```
 */
export function urlFilter(options: UrlFilterOptions): Filter {
  const { url: urlOf = ({ meta, source }) => (typeof meta?.['url'] === 'string' ? meta['url'] : source), softWordThreshold = 2, publicSuffixes } = options;
  const domains = new Set(entries(options.domains).map((entry) => entry.trim()));
  const urls = new Set(entries(options.urls).map((entry) => entry.trim()));
  const hard = words(options.bannedWords);
  const soft = words(options.softBannedWords);
  const subwords = [...words(options.bannedSubwords)];
  const suffixes = publicSuffixes && suffixRules(publicSuffixes);
  const rule = (reason: string, threshold = 0) => ({ reason, threshold, comparison: 'max' }) as const;
  const domain = rule('domain'), subdomain = rule('subdomain'), listed = rule('url'), banned = rule('hard_blacklisted'), subword = rule('blacklisted_subword');
  const softly = rule('soft_blacklisted', softWordThreshold - 1);
  const drop = (broke: typeof domain, measured = 1): Dropped => ({ keep: false, ...broke, measured });

  return {
    name: 'urlFilter',
    rules: [domain, subdomain, listed, banned, softly, subword],
    check: (document) => {
      const url = urlOf(document);
      if (!url) throw new TypeError(`urlFilter: expected an address but found none for document ${document.id}. Keep it in meta.url, or pass url.`);
      const host = hostOf(url);
      const labels = host.split('.');
      const suffix = suffixes ? suffixes.suffixLabels(labels.map((label) => label.toLowerCase())) : 1;
      if (suffix > 0) {
        if (labels.length > suffix && domains.has(labels.slice(-suffix - 1).join('.'))) return drop(domain);
        if (labels.length > suffix && domains.has(host)) return drop(subdomain);
      }
      if (urls.has(url)) return drop(listed);
      const found = new Set(url.split(OTHER));
      if ([...hard].some((word) => found.has(word))) return drop(banned);
      const softWords = [...soft].filter((word) => found.has(word)).length;
      if (softWords >= softWordThreshold) return drop(softly, softWords);
      const plain = normalize(url);
      return subwords.some((word) => plain.includes(word)) ? drop(subword) : { keep: true };
    },
  };
}
