import { EvalError } from '../eval-error.ts';
import { escapedClass, inCase, oneChar } from './char-class.ts';
import { type Assertion, type CharTest, type Flags, type Node, widthOf } from './nodes.ts';

export interface Parsed {
  readonly node: Node;
  /** Capturing groups, the whole match not counted. */
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
}

const CONTROL: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, a: 7 };
const LETTERS: Readonly<Record<string, keyof Flags>> = { i: 'ignoreCase', m: 'multiline', s: 'dotAll', x: 'verbose', a: 'ascii' };
const NONE: Flags = { ignoreCase: false, multiline: false, dotAll: false, verbose: false, ascii: false };
const DEEPEST = 100;

/** Parses a regular expression as Python's `re` writes them; EvalError E_REGEX for what it would not compile, or what is not supported. */
export function parseRegex(source: string): Parsed {
  const letters = Array.from(source);
  const names = new Map<string, number>();
  let at = 0;
  let groups = 0;
  let depth = 0;
  const open = new Set<number>();

  const fail = (expected: string): never => {
    throw new EvalError('E_REGEX', `pythonRegex: expected ${expected} at ${at} of ${JSON.stringify(source.slice(0, 200))} but found ${at < letters.length ? JSON.stringify(letters[at]) : 'its end'}. Check the pattern with Python's re.`);
  };
  const looking = (text: string): boolean => letters.slice(at, at + text.length).join('') === text;
  const eat = (text: string): boolean => {
    if (!looking(text)) return false;
    at += text.length;
    return true;
  };
  const until = (close: string): string => {
    const from = at;
    while (at < letters.length && letters[at] !== close) at++;
    if (at >= letters.length) fail(`a closing ${close}`);
    return letters.slice(from, at++).join('');
  };

  function alternatives(flags: Flags): Node {
    if (++depth > DEEPEST) fail(`groups nested at most ${DEEPEST} deep`);
    const nodes: Node[] = [];
    let scoped = flags;
    do {
      const { node, flags: after } = sequence(scoped);
      scoped = after;
      nodes.push(node);
    } while (eat('|'));
    depth--;
    return nodes.length === 1 ? nodes[0]! : { type: 'alt', nodes };
  }

  function sequence(given: Flags): { node: Node; flags: Flags } {
    const nodes: Node[] = [];
    let flags = given;
    while (at < letters.length && letters[at] !== '|' && letters[at] !== ')') {
      if (flags.verbose && skipVerbose()) continue;
      const set = wholeFlags(flags);
      if (set !== undefined) flags = set;
      else {
        const simple = letters[at] !== '(';
        const node = atom(flags);
        if (node !== undefined) nodes.push(repeated(node, { flags, simple }));
      }
    }
    return { node: nodes.length === 1 ? nodes[0]! : { type: 'cat', nodes }, flags };
  }

  function skipVerbose(): boolean {
    if (/\s/.test(letters[at]!)) at++;
    else if (letters[at] === '#') while (at < letters.length && letters[at] !== '\n') at++;
    else return false;
    return true;
  }

  /** `(?s)`, for the whole expression. */
  function wholeFlags(flags: Flags): Flags | undefined {
    const [written] = /^\(\?[aimsux]+\)/.exec(letters.slice(at, at + 12).join('')) ?? [];
    if (written === undefined) return undefined;
    if (at !== 0) fail('flags of the whole expression at its start');
    at += written.length;
    return withFlags(flags, written.slice(2, -1), true);
  }

  function withFlags(flags: Flags, written: string, on: boolean): Flags {
    const changed: { -readonly [Key in keyof Flags]: boolean } = { ...flags };
    for (const letter of written) {
      const key = LETTERS[letter];
      if (key !== undefined) changed[key] = on;
      else if (letter !== 'u') fail('the flags a, i, m, s, u, x');
    }
    return changed;
  }

  function repeated(node: Node, { flags, simple }: { flags: Flags; simple: boolean }): Node {
    while (flags.verbose && at < letters.length && skipVerbose());
    const bounds = quantifier();
    if (bounds === undefined) return node;
    if (simple && node.type === 'assert') fail('something to repeat');
    const [min, max] = bounds;
    const lazy = eat('?');
    const possessive = !lazy && eat('+');
    if (quantifier() !== undefined) fail('one repetition, not several');
    const repeat: Node = { type: 'repeat', node, min, max, greedy: !lazy };
    return possessive ? { type: 'atomic', node: repeat } : repeat;
  }

  function quantifier(): [number, number] | undefined {
    if (eat('*')) return [0, Infinity];
    if (eat('+')) return [1, Infinity];
    if (eat('?')) return [0, 1];
    if (letters[at] !== '{') return undefined;
    const [written, low, comma, high] = /^\{(\d*)(,?)(\d*)\}/.exec(letters.slice(at, at + 24).join('')) ?? [];
    // A brace that is no repetition is a character.
    if (written === undefined || (low === '' && high === '')) return undefined;
    const [min, max] = [Number(low), high === '' ? (comma === '' ? Number(low) : Infinity) : Number(high)];
    if (min > max || min > 10_000) fail('bounds of a repetition that can be');
    at += written.length;
    return [min, max];
  }

  function atom(flags: Flags): Node | undefined {
    const letter = letters[at++]!;
    switch (letter) {
      case '(': return group(flags);
      case '[': return { type: 'char', test: inCase(set(flags), flags) };
      case '.': return flags.dotAll ? { type: 'char', test: () => true, any: 'all' } : { type: 'char', test: (code) => code !== 10, any: 'line' };
      case '^': return { type: 'assert', kind: flags.multiline ? 'lineStart' : 'textStart' };
      case '$': return { type: 'assert', kind: flags.multiline ? 'lineEnd' : 'end' };
      case '\\': return escape(flags);
      case '*': case '+': case '?':
        at--;
        return fail('something to repeat');
      default: return { type: 'char', test: oneChar(letter.codePointAt(0)!, flags) };
    }
  }

  function group(flags: Flags): Node | undefined {
    const inner = (own: Flags = flags): Node => {
      const node = alternatives(own);
      if (!eat(')')) fail('a closing )');
      return node;
    };
    const capture = (): Node => {
      const index = ++groups;
      open.add(index);
      const node = inner();
      open.delete(index);
      return { type: 'group', index, node };
    };
    if (!eat('?')) return capture();
    if (eat(':')) return inner();
    if (eat('#')) {
      until(')');
      return undefined;
    }
    if (eat('>')) return { type: 'atomic', node: inner() };
    if (eat('=')) return { type: 'look', behind: false, negate: false, node: inner() };
    if (eat('!')) return { type: 'look', behind: false, negate: true, node: inner() };
    if (looking('<=') || looking('<!')) {
      const negate = looking('<!');
      at += 2;
      const node = inner();
      if (widthOf(node) === undefined) fail('a look-behind of one width');
      return { type: 'look', behind: true, negate, node };
    }
    if (eat('P=')) return { type: 'backref', index: named(until(')')), ignoreCase: flags.ignoreCase };
    if (eat('P<')) {
      const name = until('>');
      if (names.has(name) || !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) fail('a name that no other group has');
      names.set(name, groups + 1);
      return capture();
    }
    const [written, on = '', off = ''] = /^([aimsux]*)(?:-([imsx]+))?:/.exec(letters.slice(at, at + 16).join('')) ?? [];
    if (written === undefined) return fail('a group that is supported: not (?( conditions');
    at += written.length;
    return inner(withFlags(withFlags(flags, on, true), off, false));
  }

  const named = (name: string): number => names.get(name) ?? fail(`a group named ${name} before its reference`);

  function escape(flags: Flags): Node {
    const letter = letters[at++] ?? fail('something after the backslash');
    const kind = ({ A: 'textStart', Z: 'textEnd', b: 'word', B: 'notWord' } as Readonly<Record<string, Assertion>>)[letter];
    if (kind !== undefined) return { type: 'assert', kind };
    const found = escapedClass(letter, flags);
    if (found !== undefined) return { type: 'char', test: found };
    if (/[1-9]/.test(letter)) {
      const digits = letter + (/\d/.test(letters[at] ?? '') ? letters[at++]! : '');
      if (Number(digits) > groups || open.has(Number(digits))) fail(`a group ${digits} that is closed before its reference`);
      return { type: 'backref', index: Number(digits), ignoreCase: flags.ignoreCase };
    }
    return { type: 'char', test: oneChar(escapedCode(letter), flags) };
  }

  function escapedCode(letter: string): number {
    const digits = { x: 2, u: 4, U: 8 }[letter];
    if (digits !== undefined) {
      const hex = letters.slice(at, at + digits).join('');
      if (!/^[0-9a-f]+$/i.test(hex) || hex.length < digits || Number.parseInt(hex, 16) > 0x10ffff) fail(`${digits} hexadecimal digits`);
      at += digits;
      return Number.parseInt(hex, 16);
    }
    if (letter === '0') {
      const [octal] = /^[0-7]{0,2}/.exec(letters.slice(at, at + 2).join(''))!;
      at += octal.length;
      return Number.parseInt(`0${octal}`, 8);
    }
    const control = CONTROL[letter];
    if (control !== undefined) return control;
    if (/[A-Za-z]/.test(letter)) fail('an escape that Python knows');
    return letter.codePointAt(0)!;
  }

  function set(flags: Flags): CharTest {
    const negate = eat('^');
    const tests: CharTest[] = [];
    const from = at;
    while (at === from || letters[at] !== ']') {
      const low = member(flags);
      if (typeof low === 'number' && letters[at] === '-' && letters[at + 1] !== ']' && at + 1 < letters.length) {
        at++;
        const high = member(flags);
        if (typeof high !== 'number' || high < low) fail('a range from a character to one that is not before it');
        tests.push((code) => code >= low && code <= (high as number));
      } else tests.push(typeof low === 'number' ? (code): boolean => code === low : low);
    }
    at++;
    const table = Uint8Array.from({ length: 128 }, (_, code) => Number(tests.some((test) => test(code)) !== negate));
    return (code) => (code < 128 ? table[code] === 1 : tests.some((test) => test(code)) !== negate);
  }

  function member(flags: Flags): number | CharTest {
    const letter = letters[at++] ?? fail('a closing ]');
    if (letter !== '\\') return letter.codePointAt(0)!;
    const escaped = letters[at++] ?? fail('something after the backslash');
    if (escaped === 'b') return 8;
    return escapedClass(escaped, flags) ?? escapedCode(escaped);
  }

  const node = alternatives(NONE);
  if (at < letters.length) fail('an opening ( before it');
  return { node, groups, names };
}
