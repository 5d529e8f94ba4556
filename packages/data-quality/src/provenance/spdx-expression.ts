/** One licence: an identifier of the SPDX list, a `LicenseRef-…`, with `+` for later versions and with an exception. */
export interface SpdxLicense {
  readonly license: string;
  readonly orLater: boolean;
  readonly exception?: string;
}

export type SpdxExpression = SpdxLicense | { readonly and: readonly SpdxExpression[] } | { readonly or: readonly SpdxExpression[] };

/** Real expressions are a line long and two levels deep; the caps keep hostile ones from costing time or stack. */
const MAX_LENGTH = 4096;
const MAX_DEPTH = 32;

const IDENTIFIER = /^[A-Za-z0-9.-]+\+?$/;
const REFERENCE = /^(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+$/;
const EXCEPTION = /^[A-Za-z0-9.-]+$/;
const OPERATORS = new Set(['AND', 'OR', 'WITH']);

const operatorOf = (token: string | undefined): string | undefined => {
  const upper = token?.toUpperCase();
  // Version 3 of the specification takes operators in capitals or in small letters, but not mixed.
  return upper !== undefined && OPERATORS.has(upper) && (token === upper || token === token?.toLowerCase()) ? upper : undefined;
};

/**
 * Reads an SPDX licence expression (SPDX 3.0, annex on licence expressions): identifiers, `+`, `LicenseRef-…`, and, binding ever
 * less tightly, WITH, AND, OR, and parentheses. Identifiers are not looked up in SPDX's list, which grows every few months.
 *
 * Throws RangeError where the expression is none, with what was found, or is longer than 4096 units or deeper than 32.
 *
 * @example
 * ```ts
 * import { parseSpdx } from '@llm/data-quality';
 * const expression = parseSpdx('MIT OR GPL-2.0-only WITH Classpath-exception-2.0');
 * console.assert('or' in expression && expression.or.length === 2);
 * ```
 */
export function parseSpdx(expression: string): SpdxExpression {
  const fail = (found: string): never => {
    throw new RangeError(`parseSpdx: expected an SPDX licence expression but found ${found}. Write it as in "MIT OR Apache-2.0".`);
  };
  if (expression.length > MAX_LENGTH) fail(`${expression.length} units, more than ${MAX_LENGTH}`);
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;

  const license = (depth: number): SpdxExpression => {
    const token = tokens[at++];
    if (token === '(') {
      if (depth >= MAX_DEPTH) fail(`more than ${MAX_DEPTH} parentheses inside each other`);
      const inner = either(depth + 1);
      if (tokens[at++] !== ')') fail('a parenthesis that is not closed');
      return inner;
    }
    if (token === undefined) return fail(tokens.length === 0 ? 'nothing' : 'its end missing');
    if (operatorOf(token) !== undefined || !(IDENTIFIER.test(token) || REFERENCE.test(token))) return fail(JSON.stringify(token));
    const orLater = token.endsWith('+');
    const simple = { license: orLater ? token.slice(0, -1) : token, orLater };
    if (operatorOf(tokens[at]) !== 'WITH') return simple;
    const exception = tokens[at + 1];
    if (exception === undefined || operatorOf(exception) !== undefined || !EXCEPTION.test(exception)) return fail(`${JSON.stringify(exception ?? '')} after WITH`);
    at += 2;
    return { ...simple, exception };
  };
  const list = (operator: 'AND' | 'OR', next: (depth: number) => SpdxExpression, depth: number): SpdxExpression[] => {
    const parts = [next(depth)];
    while (operatorOf(tokens[at]) === operator) {
      at++;
      parts.push(next(depth));
    }
    return parts;
  };
  const both = (depth: number): SpdxExpression => {
    const parts = list('AND', license, depth);
    return parts.length === 1 ? (parts[0] as SpdxExpression) : { and: parts };
  };
  const either = (depth: number): SpdxExpression => {
    const parts = list('OR', both, depth);
    return parts.length === 1 ? (parts[0] as SpdxExpression) : { or: parts };
  };

  const parsed = either(0);
  return at < tokens.length ? fail(`${JSON.stringify(tokens[at])} after its end`) : parsed;
}

/**
 * Whether an expression can be met with licences that `allows` takes: every part of an AND, at least one of an OR.
 *
 * @example
 * ```ts
 * import { parseSpdx, satisfiesSpdx } from '@llm/data-quality';
 * console.assert(satisfiesSpdx(parseSpdx('(MIT OR GPL-3.0-only) AND Zlib'), ({ license }) => license !== 'GPL-3.0-only'));
 * ```
 */
export function satisfiesSpdx(expression: SpdxExpression, allows: (license: SpdxLicense) => boolean): boolean {
  if ('and' in expression) return expression.and.every((part) => satisfiesSpdx(part, allows));
  if ('or' in expression) return expression.or.some((part) => satisfiesSpdx(part, allows));
  return allows(expression);
}
