import type { Filter } from '../types.ts';
import { findPii, type FindPiiOptions } from './find-pii.ts';
import type { PiiFinding } from './pii-finding.ts';

/** `label`: `[PHONE]`; `mask`: every letter and digit becomes `*`; `remove`: nothing is left; or what a function returns. */
export type PiiReplacement = 'label' | 'mask' | 'remove' | ((value: string, finding: PiiFinding) => string);

export interface ReplacePiiOptions {
  /** Default `label`. */
  readonly replacement?: PiiReplacement;
}

const FORMATS: Readonly<Record<'label' | 'mask' | 'remove', (value: string, finding: PiiFinding) => string>> = {
  label: (_, { kind }) => `[${kind.toUpperCase()}]`,
  mask: (value) => value.replace(/[\p{L}\p{N}]/gu, '*'),
  remove: () => '',
};

/**
 * The text with each finding replaced. Findings must be in order and must not overlap, as `findPii` gives them.
 *
 * Throws RangeError for a replacement that is neither a function nor one of the three names, and for findings out of order.
 *
 * @example
 * ```ts
 * import { findPii, replacePii } from '@llm/data-quality';
 * const text = 'Call 415-555-0132.';
 * console.assert(replacePii(text, findPii(text)) === 'Call [PHONE].');
 * console.assert(replacePii(text, findPii(text), { replacement: 'mask' }) === 'Call ***-***-****.');
 * ```
 */
export function replacePii(text: string, findings: readonly PiiFinding[], { replacement = 'label' }: ReplacePiiOptions = {}): string {
  const format = typeof replacement === 'function' ? replacement : FORMATS[replacement];
  if (!format) throw new RangeError(`replacePii: expected label, mask, remove or a function but found ${String(replacement)}. Name one of those.`);
  let out = '';
  let from = 0;
  for (const finding of findings) {
    if (finding.start < from || finding.end > text.length) throw new RangeError(`replacePii: expected findings in order and inside the text but found ${finding.start}..${finding.end} after ${from}. Pass what findPii found in this text.`);
    out += text.slice(from, finding.start) + format(text.slice(finding.start, finding.end), finding);
    from = finding.end;
  }
  return out + text.slice(from);
}

export interface PiiRedactorOptions extends FindPiiOptions, ReplacePiiOptions {
  /** Told of what was found in each document that has any. */
  readonly onFound?: (id: string, findings: readonly PiiFinding[]) => void;
}

/**
 * A filter that drops nothing and replaces what `findPii` finds.
 *
 * @example
 * ```ts
 * import { piiRedactor } from '@llm/data-quality';
 * const verdict = piiRedactor().check({ id: 'a', text: '卡号 6222 0212 3456 7890 128' });
 * console.assert(verdict.keep && verdict.document?.text === '卡号 [BANK_CARD]');
 * ```
 */
export function piiRedactor({ kinds, onlyPublicIps, replacement = 'label', onFound }: PiiRedactorOptions = {}): Filter {
  const options: FindPiiOptions = { ...(kinds ? { kinds } : {}), ...(onlyPublicIps === undefined ? {} : { onlyPublicIps }) };
  return {
    name: 'piiRedactor',
    rules: [],
    check: (document) => {
      const findings = findPii(document.text, options);
      if (findings.length === 0) return { keep: true };
      onFound?.(document.id, findings);
      return { keep: true, document: { ...document, text: replacePii(document.text, findings, { replacement }) } };
    },
  };
}
