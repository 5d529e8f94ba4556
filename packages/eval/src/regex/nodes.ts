/** Whether a code point belongs to a class of characters. */
export type CharTest = (code: number) => boolean;

export type Assertion = 'textStart' | 'textEnd' | 'end' | 'lineStart' | 'lineEnd' | 'word' | 'notWord';

/** A parsed regular expression of Python. */
export type Node =
  | { readonly type: 'char'; readonly test: CharTest; readonly any?: 'line' | 'all' }
  | { readonly type: 'cat'; readonly nodes: readonly Node[] }
  | { readonly type: 'alt'; readonly nodes: readonly Node[] }
  | { readonly type: 'repeat'; readonly node: Node; readonly min: number; readonly max: number; readonly greedy: boolean }
  | { readonly type: 'group'; readonly node: Node; readonly index: number }
  | { readonly type: 'backref'; readonly index: number; readonly ignoreCase: boolean }
  | { readonly type: 'assert'; readonly kind: Assertion }
  | { readonly type: 'look'; readonly node: Node; readonly behind: boolean; readonly negate: boolean }
  | { readonly type: 'atomic'; readonly node: Node };

export interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly verbose: boolean;
  readonly ascii: boolean;
}

/** How many characters a node takes, where that is one number; what stands in a look-behind must have one. */
export function widthOf(node: Node): number | undefined {
  switch (node.type) {
    case 'char': return 1;
    case 'assert': case 'look': return 0;
    case 'group': case 'atomic': return widthOf(node.node);
    case 'backref': return undefined;
    case 'repeat': {
      const width = widthOf(node.node);
      return node.min === node.max && width !== undefined ? width * node.min : undefined;
    }
    case 'cat': return node.nodes.reduce<number | undefined>((sum, each) => {
      const width = widthOf(each);
      return sum === undefined || width === undefined ? undefined : sum + width;
    }, 0);
    case 'alt': {
      const [first, ...rest] = node.nodes.map(widthOf);
      return rest.every((width) => width === first) ? first : undefined;
    }
  }
}
