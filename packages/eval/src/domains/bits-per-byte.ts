import { bytesOf } from '../python/text.ts';
import type { Scorer } from '../requests/request.ts';

/** A text and what it is from. */
export interface DomainText {
  readonly domain: string;
  readonly text: string;
}

/** How well a model knows texts: comparable between tokenizers. */
export interface DomainBits {
  readonly bitsPerByte: number;
  readonly bytes: number;
  readonly texts: number;
}

/** Bits per byte of all texts, of each domain, and of domains by equal shares. */
export interface BitsByDomain extends DomainBits {
  readonly domains: Readonly<Record<string, DomainBits>>;
  /** The mean over domains, each counted once however long. */
  readonly mean: number;
}

/**
 * Bits per byte of texts, by what they are from.
 *
 *   bits per byte = −Σ ln p(text) / (ln 2 · Σ UTF-8 bytes)
 *
 * The scorer's own special tokens are neither scored nor counted as bytes. Texts without a byte are left out.
 *
 * @throws RangeError where no text has a byte.
 *
 * @example
 * ```ts
 * import { bitsPerByteByDomain } from '@llm/eval';
 * // A model that finds every byte one of 256 equal ones.
 * const uniform = { loglikelihoodRolling: async (texts: readonly string[]) => texts.map((text) => -new TextEncoder().encode(text).length * Math.log(256)) };
 * const { bitsPerByte, domains } = await bitsPerByteByDomain(uniform, [{ domain: 'news', text: 'Rain.' }, { domain: 'code', text: 'λ' }]);
 * if (Math.abs(bitsPerByte - 8) > 1e-9 || domains.code!.bytes !== 2) throw new Error('eight bits a byte');
 * ```
 */
export async function bitsPerByteByDomain(scorer: Pick<Scorer, 'loglikelihoodRolling'>, texts: readonly DomainText[]): Promise<BitsByDomain> {
  const rows = texts.map(({ domain, text }) => ({ domain, text, bytes: bytesOf(text) })).filter(({ bytes }) => bytes > 0);
  if (rows.length === 0) throw new RangeError(`bitsPerByteByDomain: expected texts with at least one byte but found none among ${texts.length}. Check what was read.`);
  const logs = await scorer.loglikelihoodRolling(rows.map(({ text }) => text));
  const bits = (indices: readonly number[]): DomainBits => {
    const bytes = indices.reduce((sum, i) => sum + rows[i]!.bytes, 0);
    return { bitsPerByte: -indices.reduce((sum, i) => sum + logs[i]!, 0) / (Math.LN2 * bytes), bytes, texts: indices.length };
  };
  const names = [...new Set(rows.map(({ domain }) => domain))];
  const domains = Object.fromEntries(names.map((name) => [name, bits([...rows.keys()].filter((i) => rows[i]!.domain === name))]));
  const each = Object.values(domains);
  return { ...bits([...rows.keys()]), domains, mean: each.reduce((sum, { bitsPerByte }) => sum + bitsPerByte, 0) / each.length };
}
