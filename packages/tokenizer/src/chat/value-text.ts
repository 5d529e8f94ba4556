import { checkDepth, type Budget } from './budget.ts';
import { charactersOf, concatTexts, rewritePieces, type Text } from './marked-text.ts';
import { floatText, reprCharacters } from './python-text.ts';
import { keyOf, kindOf, numberOf, refused, type Dict, type List, type Value } from './values.ts';

/** `str(value)`: what `{{ value }}` prints. */
export function textOf(value: Value, budget: Budget): Text {
  switch (kindOf(value)) {
    case 'text': return value as Text;
    case 'undefined': return '';
    default: return reprOf(value, budget);
  }
}

/** `repr(value)`: how a value stands inside a printed list. */
export function reprOf(value: Value, budget: Budget, depth = 0): Text {
  budget.spend(1);
  checkDepth(depth);
  const inner = (item: Value): Text => reprOf(item, budget, depth + 1);
  switch (kindOf(value)) {
    case 'none': return 'None';
    case 'bool': return value ? 'True' : 'False';
    case 'int': return String(value);
    case 'float': return floatText(numberOf(value)!);
    case 'undefined': return 'Undefined';
    case 'text': return reprText(value as Text, budget);
    case 'list': {
      const { items, tuple } = value as List;
      const [open, close] = tuple ? ['(', items.length === 1 ? ',)' : ')'] : ['[', ']'];
      return budget.concat([open, ...separated(items.map(inner), ', '), close]);
    }
    case 'dict': {
      const pairs = [...(value as Dict).entries].map(([key, item]) => concatTexts([inner(keyOf(value as Dict, key)), ': ', inner(item)]));
      return budget.concat(['{', ...separated(pairs, ', '), '}']);
    }
    default: throw refused(`expected something that can be printed but found a ${kindOf(value)}. Print its fields.`);
  }
}

function reprText(text: Text, budget: Budget): Text {
  const characters = charactersOf(text);
  budget.spendText(characters.length);
  const quote = characters.includes("'") && !characters.includes('"') ? '"' : "'";
  return concatTexts([quote, rewritePieces(text, (piece) => reprCharacters(piece, quote)), quote]);
}

/** `items` with `separator` between them. */
export function separated(items: readonly Text[], separator: Text): Text[] {
  return items.flatMap((item, i) => (i === 0 ? [item] : [separator, item]));
}

export interface JsonOptions {
  readonly ensureAscii: boolean;
  /** What each level is indented by, or undefined for one line. */
  readonly indent: string | undefined;
  readonly itemSeparator: string;
  readonly keySeparator: string;
  readonly sortKeys: boolean;
}

/** `json.dumps(value)` with the options of transformers' `tojson`: nothing is escaped for HTML. */
export function jsonOf(value: Value, options: JsonOptions, budget: Budget, depth = 0): Text {
  budget.spend(1);
  checkDepth(depth);
  const { indent, itemSeparator, keySeparator, sortKeys } = options;
  const wrap = (open: string, items: readonly Text[], close: string): Text => {
    if (items.length === 0) return open + close;
    if (indent === undefined) return budget.concat([open, ...separated(items, itemSeparator), close]);
    const line = (levels: number): string => {
      budget.spendText(indent.length * levels);
      return `\n${indent.repeat(levels)}`;
    };
    return budget.concat([open, line(depth + 1), ...separated(items, `${itemSeparator}${line(depth + 1)}`), line(depth), close]);
  };
  switch (kindOf(value)) {
    case 'none': return 'null';
    case 'bool': return value ? 'true' : 'false';
    case 'int': return String(value);
    case 'float': return jsonFloat(numberOf(value)!);
    case 'text': return jsonText(value as Text, options, budget);
    case 'list': return wrap('[', (value as List).items.map((item) => jsonOf(item, options, budget, depth + 1)), ']');
    case 'dict': {
      const dict = value as Dict;
      const keys = [...dict.entries.keys()];
      if (sortKeys) keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      const pair = (key: string): Text =>
        concatTexts([jsonText(keyOf(dict, key), options, budget), keySeparator, jsonOf(dict.entries.get(key)!, options, budget, depth + 1)]);
      return wrap('{', keys.map(pair), '}');
    }
    default: throw refused(`tojson: expected what JSON can hold but found ${kindOf(value) === 'undefined' ? `'${(value as { name: string }).name}', which is undefined` : `a ${kindOf(value)}`}. Test it with \`is defined\` first.`);
  }
}

function jsonFloat(value: number): string {
  if (Number.isFinite(value)) return floatText(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

function jsonText(text: Text, { ensureAscii }: JsonOptions, budget: Budget): Text {
  budget.spendText(charactersOf(text).length);
  const escape = (piece: string): string => {
    const json = JSON.stringify(piece).slice(1, -1);
    return ensureAscii ? json.replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`) : json;
  };
  return concatTexts(['"', rewritePieces(text, escape), '"']);
}
