/** A number that is not a whole number in 0 … 2⁵³−1 written in plain digits; kept as written, so that nothing is rounded. */
export interface JsonNumber {
  readonly lexeme: string;
}

/** Objects are Maps, so that a key can never reach a prototype. */
export type JsonValue = null | boolean | number | string | JsonNumber | JsonValue[] | Map<string, JsonValue>;

const DEPTH = 64;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PLAIN_INTEGER = /^[0-9]{1,16}$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Reads JSON as RFC 8259 writes it and reports what `JSON.parse` hides: a key that occurs twice, and numbers it would round.
 * `fail` makes the error that is thrown; the text is read once, in linear time, to a depth of 64.
 */
export function parseStrictJson(text: string, fail: (kind: 'syntax' | 'duplicate', found: string) => Error): JsonValue {
  let at = 0;

  const syntax = (): Error => {
    const found = at < text.length ? JSON.stringify(String.fromCodePoint(text.codePointAt(at)!)) : 'the end';
    return fail('syntax', `${found} at character ${at}`);
  };

  const space = (): void => {
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      at++;
    }
  };

  const string = (): string => {
    if (text[at] !== '"') throw syntax();
    const start = at++;
    let escaped = false;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 34) break;
      if (!(code >= 32)) throw syntax(); // a control character, or NaN at the end of the text
      if (code === 92) {
        escaped = true;
        at++;
        if (at >= text.length) throw syntax();
      }
      at++;
    }
    at++;
    if (!escaped) return text.slice(start + 1, at - 1);
    let value: string;
    try {
      value = JSON.parse(text.slice(start, at)) as string;
    } catch {
      at = start;
      throw fail('syntax', `a malformed escape in the string at character ${start}`);
    }
    if (LONE_SURROGATE.test(value)) throw fail('syntax', `half a surrogate pair in the string at character ${start}`);
    return value;
  };

  const number = (): number | JsonNumber => {
    NUMBER.lastIndex = at;
    const lexeme = NUMBER.exec(text)?.[0];
    if (lexeme === undefined) throw syntax();
    at += lexeme.length;
    const value = PLAIN_INTEGER.test(lexeme) ? Number(lexeme) : NaN;
    return Number.isSafeInteger(value) ? value : { lexeme };
  };

  const array = (depth: number): JsonValue[] => {
    const items: JsonValue[] = [];
    at++;
    space();
    if (text[at] === ']') {
      at++;
      return items;
    }
    for (;;) {
      items.push(value(depth + 1));
      space();
      if (text[at] === ']') break;
      if (text[at] !== ',') throw syntax();
      at++;
    }
    at++;
    return items;
  };

  const object = (depth: number): Map<string, JsonValue> => {
    const entries = new Map<string, JsonValue>();
    at++;
    space();
    if (text[at] === '}') {
      at++;
      return entries;
    }
    for (;;) {
      space();
      const key = string();
      if (entries.has(key)) throw fail('duplicate', key);
      space();
      if (text[at] !== ':') throw syntax();
      at++;
      entries.set(key, value(depth + 1));
      space();
      if (text[at] === '}') break;
      if (text[at] !== ',') throw syntax();
      at++;
    }
    at++;
    return entries;
  };

  const literal = <T>(word: string, result: T): T => {
    if (!text.startsWith(word, at)) throw syntax();
    at += word.length;
    return result;
  };

  const value = (depth: number): JsonValue => {
    space();
    if (depth > DEPTH) throw fail('syntax', `more than ${DEPTH} nested brackets at character ${at}`);
    switch (text[at]) {
      case '{': return object(depth);
      case '[': return array(depth);
      case '"': return string();
      case 't': return literal('true', true);
      case 'f': return literal('false', false);
      case 'n': return literal('null', null);
      default: return number();
    }
  };

  const result = value(0);
  space();
  if (at !== text.length) throw syntax();
  return result;
}
