import { branchSegment } from '@llm/tensor';
import type { Layout, Placed, PromptTree } from './completion-batch.ts';

/** How trees of a prompt and what follows it are put into rows. */
export type RowLayout = (trees: readonly PromptTree[]) => Layout;

interface Rows {
  readonly ids: Int32Array;
  readonly positions: Int32Array;
  readonly segments: Int32Array;
}

const emptyRows = (size: number): Rows => ({ ids: new Int32Array(size), positions: new Int32Array(size), segments: new Int32Array(size) });

/** The number of tokens of a tree in one row. */
const tokensOf = ({ prompt, branches }: PromptTree): number => branches.reduce((sum, { length }) => sum + length, prompt.length);

/**
 * A row for each branch: its prompt, the branch, and padding up to the longest. What TRL does, and the reference for `sharedPrefix`.
 */
export function separateRows(): RowLayout {
  return (trees) => {
    const list = trees.flatMap(({ prompt, branches }, tree) => branches.map((branch, i) => ({ tree, branch: i, prompt, tokens: branch })));
    const length = Math.max(0, ...list.map(({ prompt, tokens }) => prompt.length + tokens.length));
    const made = emptyRows(list.length * length);
    const placed = list.map(({ tree, branch, prompt, tokens }, row): Placed => {
      const first = row * length;
      made.ids.set(prompt, first);
      made.ids.set(tokens, first + prompt.length);
      for (let column = 0; column < length; column++) made.positions[first + column] = column;
      return { tree, branch, start: first + prompt.length, promptEnd: first + prompt.length - 1 };
    });
    return { ...made, rows: list.length, length, packed: false, restarts: false, placed };
  };
}

export interface SharedPrefixOptions {
  /** Rows of at most this many tokens, each with as many trees as fit; default: a row for each tree, as long as the longest. */
  readonly rowTokens?: number;
}

/**
 * Each prompt once, with all that follows it behind it in the same row: [prompt | branch | branch], where a branch sees the prompt and
 * itself. Positions of every branch go on from the prompt. The log-probabilities are those of `separateRows`.
 *
 * With `rowTokens`, several trees share a row where they fit, the longest first into the fullest row that has room.
 *
 * A model with a sliding window counts columns, not positions, and so sees less of the prompt than it should: give it separate rows.
 *
 * @throws RangeError for a tree longer than `rowTokens`.
 */
export function sharedPrefix({ rowTokens }: SharedPrefixOptions = {}): RowLayout {
  if (rowTokens !== undefined && (!Number.isSafeInteger(rowTokens) || rowTokens < 1)) throw new RangeError(`sharedPrefix: expected rowTokens to be a whole number from 1 on but found ${rowTokens}`);
  return (trees) => {
    const sizes = trees.map(tokensOf);
    const rows = rowTokens === undefined ? trees.map((_, tree) => [tree]) : packed(sizes, rowTokens);
    const length = Math.max(0, ...rows.map((members) => members.reduce((sum, tree) => sum + sizes[tree]!, 0)));
    const made = emptyRows(rows.length * length);
    const placed: Placed[] = [];
    for (const [row, members] of rows.entries()) {
      let at = row * length;
      for (const [document, tree] of members.entries()) {
        const { prompt, branches } = trees[tree]!;
        const write = (tokens: ArrayLike<number>, { from, branch }: { from: number; branch: number }): void => {
          made.ids.set(tokens, at);
          made.segments.fill(branchSegment(document, branch), at, at + tokens.length);
          for (let i = 0; i < tokens.length; i++) made.positions[at + i] = from + i;
          at += tokens.length;
        };
        write(prompt, { from: 0, branch: 0 });
        const promptEnd = at - 1;
        for (const [branch, tokens] of branches.entries()) {
          placed.push({ tree, branch, start: at, promptEnd });
          write(tokens, { from: prompt.length, branch: branch + 1 });
        }
      }
      // Padding is a document of its own.
      made.segments.fill(branchSegment(members.length, 0), at, (row + 1) * length);
    }
    return { ...made, rows: rows.length, length, packed: true, restarts: true, placed };
  };
}

/** Which sizes share a row of `capacity`: best fit, the largest first, equal ones in their order. */
function packed(sizes: readonly number[], capacity: number): number[][] {
  const order = sizes.map((_, i) => i).sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  const rows: { free: number; members: number[] }[] = [];
  for (const i of order) {
    const size = sizes[i]!;
    if (size > capacity) throw new RangeError(`sharedPrefix: expected trees of at most ${capacity} tokens, one row, but found ${size} at ${i}. Truncate the pairs, or raise rowTokens.`);
    let best: (typeof rows)[number] | undefined;
    for (const row of rows) if (row.free >= size && (best === undefined || row.free < best.free)) best = row;
    if (best === undefined) rows.push(best = { free: capacity, members: [] });
    best.free -= size;
    best.members.push(i);
  }
  return rows.map(({ members }) => members);
}
