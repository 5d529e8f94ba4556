import { EvalError } from '../eval-error.ts';
import { type Assertion, type CharTest, type Node, widthOf } from './nodes.ts';

/** A step of a compiled regular expression. */
export type Instruction =
  | { readonly op: 'char'; readonly test: CharTest }
  /** As many characters of one class as there are, or as few as need be. */
  | { readonly op: 'run'; readonly test: CharTest; readonly min: number; readonly max: number; readonly greedy: boolean }
  /** Goes on at `first`, and at `second` where that fails. */
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  /** Notes the place, so that `moved` can tell whether a turn of a loop took anything: where it did not, the loop ends. */
  | { readonly op: 'mark'; readonly slot: number }
  | { readonly op: 'moved'; readonly slot: number; exit: number }
  | { readonly op: 'assert'; readonly kind: Assertion }
  | { readonly op: 'backref'; readonly index: number; readonly ignoreCase: boolean }
  | { readonly op: 'look'; readonly program: Program; readonly behind: number; readonly negate: boolean; readonly take: boolean }
  | { readonly op: 'match' };

export type Program = readonly Instruction[];

const LONGEST = 20_000;

export interface Compiled {
  readonly program: Program;
  /** How many numbers a match keeps: two for the whole and for each group, then the marks of loops. */
  readonly slots: number;
  /** A match that does not begin where `text` (or a line) does cannot begin later in it either. */
  readonly onlyAt: 'text' | 'line' | undefined;
}

/** A program for a parsed expression; EvalError E_REGEX where it would be too long. */
export function compileRegex(node: Node, groups: number): Compiled {
  let slots = 2 * (groups + 1);
  let length = 0;

  function programOf(root: Node): Instruction[] {
    const code: Instruction[] = [];
    const put = <I extends Instruction>(instruction: I): I => {
      if (++length > LONGEST) throw new EvalError('E_REGEX', `pythonRegex: expected a pattern of at most ${LONGEST} steps but found more. Repeat less.`);
      code.push(instruction);
      return instruction;
    };

    function write(each: Node): void {
      switch (each.type) {
        case 'char':
          put({ op: 'char', test: each.test });
          return;
        case 'cat':
          each.nodes.forEach(write);
          return;
        case 'alt': {
          const ends: { to: number }[] = [];
          each.nodes.forEach((choice, i) => {
            const last = i === each.nodes.length - 1;
            const split = last ? undefined : put({ op: 'split', first: code.length + 1, second: 0 });
            write(choice);
            if (split === undefined) return;
            ends.push(put({ op: 'jump', to: 0 }));
            split.second = code.length;
          });
          for (const end of ends) end.to = code.length;
          return;
        }
        case 'group':
          put({ op: 'save', slot: 2 * each.index });
          write(each.node);
          put({ op: 'save', slot: 2 * each.index + 1 });
          return;
        case 'backref':
          put({ op: 'backref', index: each.index, ignoreCase: each.ignoreCase });
          return;
        case 'assert':
          put({ op: 'assert', kind: each.kind });
          return;
        case 'look':
          put({ op: 'look', program: programOf(each.node), behind: each.behind ? widthOf(each.node)! : 0, negate: each.negate, take: false });
          return;
        case 'atomic':
          put({ op: 'look', program: programOf(each.node), behind: 0, negate: false, take: true });
          return;
        case 'repeat': repeat(each);
      }
    }

    function repeat({ node: inner, min, max, greedy }: Node & { type: 'repeat' }): void {
      if (inner.type === 'char') {
        put({ op: 'run', test: inner.test, min, max, greedy });
        return;
      }
      for (let i = 0; i < min; i++) write(inner);
      const optional = (): { split: Instruction & { op: 'split' }; body: () => void } => {
        const split = put({ op: 'split', first: 0, second: 0 });
        return { split, body: () => write(inner) };
      };
      const leave = (split: { first: number; second: number }, into: number, after: number): void => {
        [split.first, split.second] = greedy ? [into, after] : [after, into];
      };
      if (max === Infinity) {
        const slot = slots++;
        const begin = code.length;
        const { split, body } = optional();
        const into = code.length;
        put({ op: 'mark', slot });
        body();
        const moved = put({ op: 'moved', slot, exit: 0 });
        put({ op: 'jump', to: begin });
        moved.exit = code.length;
        leave(split, into, code.length);
        return;
      }
      const splits = Array.from({ length: max - min }, () => {
        const { split, body } = optional();
        const into = code.length;
        body();
        return { split, into };
      });
      for (const { split, into } of splits) leave(split, into, code.length);
    }

    write(root);
    put({ op: 'match' });
    return code;
  }

  const program = programOf(node);
  return { program, slots, onlyAt: leading(node) };
}

function leading(node: Node): 'text' | 'line' | undefined {
  if (node.type === 'cat') return node.nodes[0] === undefined ? undefined : leading(node.nodes[0]);
  if (node.type !== 'repeat' || node.node.type !== 'char' || node.min !== 0 || node.max !== Infinity || !node.greedy) return undefined;
  return node.node.any === 'all' ? 'text' : node.node.any;
}
