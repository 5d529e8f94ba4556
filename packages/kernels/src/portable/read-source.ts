import { type GpuJs, type Node, parseFunction } from './gpujs.ts';
import { refusal } from './subset.ts';

const COVERAGE = /\bcov_\w+\s*\(|__coverage__|__cov_|_\$jscoverage|istanbul/;
const AS_STRING = 'Give the source as a string (portable(name, \'(x) => …\')), or as compiled what preparePortable returned where the source was still plain.';

/** The text of a portable function. */
export const sourceOf = (fn: ((...values: number[]) => number) | string): string => (typeof fn === 'string' ? fn : Function.prototype.toString.call(fn)).trim();

/**
 * The syntax tree of a portable function.
 *
 * @throws TypeError that says what is in the way: a coverage tool's counters, a native or bound function, something that is no
 *   plain function, or text that does not parse.
 */
export function readSource(gpujs: GpuJs, { name, source }: { name: string; source: string }): Node {
  if (/\{\s*\[native code\]\s*\}$/.test(source)) {
    throw new TypeError(`${name}: expected a function with its source but found a native or bound one. Write it out: (x) => Math.tanh(x).`);
  }
  if (COVERAGE.test(source)) {
    throw new TypeError(`${name}: expected the source of a function but found the counters of a coverage tool in it. Leave this file out of coverage. ${AS_STRING}`);
  }
  // Methods are written without the word.
  const text = /^(?!function\b|async\b)[\w$]+\s*\([^()]*\)\s*\{/.test(source) ? `function ${source}` : source;
  let tree: Node;
  try {
    tree = parseFunction(gpujs, text);
  } catch (cause) {
    throw new TypeError(`${name}: expected a function in plain JavaScript but found \`${source.slice(0, 60)}\` (${cause instanceof Error ? cause.message : String(cause)}). `
      + `A string must be one function, without types. If a tool rewrote the function: ${AS_STRING}`, { cause });
  }
  const isFunction = tree.type === 'FunctionExpression' || tree.type === 'ArrowFunctionExpression';
  if (!isFunction || tree.async === true || tree.generator === true) {
    throw refusal({ name, source }, undefined, tree.async === true ? 'an async function' : tree.generator === true ? 'a generator' : `a ${tree.type}`, 'Write one plain function, such as (x) => x * x.');
  }
  return tree;
}

/**
 * The function itself, for the definition in f64.
 *
 * @throws Error where it was given as a string and the page forbids code from strings.
 */
export function functionOf(fn: ((...values: number[]) => number) | string, name: string): (...values: number[]) => number {
  if (typeof fn === 'function') return fn;
  try {
    return new Function(`return (${fn});`)() as (...values: number[]) => number;
  } catch (cause) {
    if (!(cause instanceof EvalError)) throw new TypeError(`${name}: expected a function in plain JavaScript but found \`${fn.slice(0, 60)}\` (${cause instanceof Error ? cause.message : String(cause)}).`, { cause });
    throw new Error(`${name}: expected to make the definition from its source but found a Content-Security-Policy that forbids code from strings (script-src without 'unsafe-eval'). `
      + 'Give the function itself instead of a string; the devices webgpu and wasm do not need the definition.', { cause });
  }
}
