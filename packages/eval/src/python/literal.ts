import { EvalError } from '../eval-error.ts';

/** What a literal of Python can be here. */
export type PythonLiteral = string | number | boolean | null | readonly PythonLiteral[] | { readonly [key: string]: PythonLiteral };

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"', a: '\x07', b: '\b', f: '\f', v: '\v', '\n': '' };
const DEEPEST = 100;

/**
 * Reads a literal of Python, as `ast.literal_eval` does for what templates print: texts, numbers, True, False, None, lists, tuples and
 * dicts.
 *
 * @throws EvalError E_TASK_DATA for everything else.
 *
 * @example
 * ```ts
 * import { pythonLiteral } from '@llm/eval';
 * const choices = pythonLiteral(`['yes', "it's"]`) as string[];
 * if (choices[1] !== "it's") throw new Error('two texts');
 * ```
 */
export function pythonLiteral(source: string): PythonLiteral {
  let at = 0;
  const fail = (): never => {
    throw new EvalError('E_TASK_DATA', `pythonLiteral: expected a literal of Python but found ${JSON.stringify(source.slice(0, 80))}, which is none from ${at} on. Give a list of texts, such as {{ [a, b] }}.`);
  };
  const space = (): void => { while (/\s/.test(source[at] ?? 'x')) at++; };
  const take = (mark: string): boolean => {
    space();
    if (source[at] !== mark) return false;
    at++;
    return true;
  };

  function text(): string {
    let found = '';
    // Texts that stand side by side are one.
    while (source[at] === '"' || source[at] === "'") {
      const quote = source[at++]!;
      while (source[at] !== quote) {
        if (at >= source.length || source[at] === '\n') fail();
        found += source[at] === '\\' ? escape() : source[at++]!;
      }
      at++;
      space();
    }
    return found;
  }

  function escape(): string {
    const letter = source[++at] ?? fail();
    at++;
    const simple = ESCAPES[letter];
    if (simple !== undefined) return simple;
    const digits = { x: 2, u: 4, U: 8 }[letter];
    if (digits === undefined) return `\\${letter}`;
    const hex = source.slice(at, at + digits);
    const code = Number.parseInt(hex, 16);
    if (!/^[0-9a-f]+$/i.test(hex) || hex.length < digits || code > 0x10ffff) fail();
    at += digits;
    return String.fromCodePoint(code);
  }

  function items(close: string, depth: number): { list: PythonLiteral[]; comma: boolean } {
    const list: PythonLiteral[] = [];
    let comma = false;
    while (!take(close)) {
      if (list.length > 0 && !comma) fail();
      list.push(value(depth + 1));
      comma = take(',');
    }
    return { list, comma };
  }

  function dict(depth: number): PythonLiteral {
    const entries: [string, PythonLiteral][] = [];
    while (!take('}')) {
      const key = value(depth + 1);
      if (typeof key === 'object' || !take(':')) fail();
      entries.push([String(key), value(depth + 1)]);
      if (!take(',')) {
        if (!take('}')) fail();
        break;
      }
    }
    return Object.fromEntries(entries);
  }

  function value(depth: number): PythonLiteral {
    if (depth > DEEPEST) fail();
    space();
    const letter = source[at];
    if (letter === '"' || letter === "'") return text();
    if (take('[')) return items(']', depth).list;
    if (take('{')) return dict(depth);
    if (take('(')) {
      const { list, comma } = items(')', depth);
      return list.length === 1 && !comma ? list[0]! : list;
    }
    const [word] = /^(?:True|False|None)\b|^[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/.exec(source.slice(at, at + 400)) ?? fail();
    at += word.length;
    return word === 'True' ? true : word === 'False' ? false : word === 'None' ? null : Number(word.replaceAll('_', ''));
  }

  const found = value(0);
  space();
  if (at < source.length) fail();
  return found;
}
