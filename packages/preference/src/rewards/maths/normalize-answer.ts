/** What stands for nothing in an answer: spacing, sizes of brackets, mathematics marks. */
const NOTHING = /\\(?:left|right|bigl?|bigr?|Bigl?|Bigr?|displaystyle|,|;|:|!|quad|qquad|limits)(?![a-zA-Z])|\\[()[\]]|\\?\$|~/g;
/** A single letter is a unit only with a space before it: 3m is a product. */
const UNITS = /(?<=[\d}])(?:\s*(?:dollars?|cents?|degrees?|units?|cm|mm|km|kg|miles?|feet|ft|inches|inch|hours?|hrs?|minutes?|mins?|seconds?|days?|years?|people|points?)|\s+[mgs])\.?$/i;

/**
 * An answer in a form of its own, so that equal ones are mostly equal as text: without units, thousands separators, `\text` and spacing, with
 * one kind of fraction, and with the right side alone of `x = …`.
 *
 * @example
 * ```ts
 * import { normalizeAnswer } from '@llm/preference';
 * if (normalizeAnswer('$x = 1{,}000\\text{ cm}$.') !== '1000' || normalizeAnswer('\\dfrac12') !== '\\frac{1}{2}' || normalizeAnswer('\\text{(B)}') !== 'B') throw new Error('plain');
 * ```
 */
export function normalizeAnswer(answer: string): string {
  let text = answer.trim().replace(NOTHING, ' ').replace(/\\%/g, '%').replace(/[−–]/g, '-');
  text = text.replace(/\\(?:text|textbf|textit|mathrm|mathbf|mbox|operatorname)\s*\{([^{}]*)\}/g, ' $1 ');
  text = text.replace(/\^\s*(?:\{\s*\\circ\s*\}|\\circ)|°/g, '').replace(/\{\s*,\s*\}/g, ',');
  text = text.replace(/\\[dtc]frac/g, '\\frac').replace(/\\cdot|\\times(?!\s*10)/g, '*');
  text = text.replace(/\s+/g, ' ').trim().replace(/\s*[.,;]+$/, '').replace(UNITS, '').trim();
  const side = text.match(/^[a-zA-Z](?:_\{?\w+\}?)?\s*(?:=|\\in)\s*([^=]+)$/)?.[1];
  text = (side ?? text).trim();
  // 1,234,567 is one number; (1,234) and 1,2 are several.
  if (/^-?\d{1,3}(,\d{3})+(\.\d+)?%?$/.test(text)) text = text.replace(/,/g, '');
  text = text.replace(/\\frac\s*(\d)\s*(\d)/g, '\\frac{$1}{$2}').replace(/\\frac\s*(\d)\s*\{/g, '\\frac{$1}{').replace(/\\sqrt\s*(\d)/g, '\\sqrt{$1}');
  const letter = text.match(/^\(([A-Za-z])\)$/)?.[1];
  if (letter !== undefined) return letter.toUpperCase();
  // Spaces hold words apart, and nothing else.
  return text.replace(/ ?([^\w\s]) ?/g, '$1').replace(/(?<=\d) (?=\d)/g, '').trim();
}
