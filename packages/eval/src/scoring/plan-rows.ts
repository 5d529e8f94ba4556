import type { TokenPair } from '../requests/encode-pair.ts';

/** What follows a trunk: its tokens, of which the last `scored` are to be predicted, and whose answer that is. */
export interface Branch {
  readonly tokens: readonly number[];
  readonly scored: number;
  readonly index: number;
}

/** Sequences that begin alike. */
export interface Tree {
  readonly trunk: readonly number[];
  readonly branches: readonly Branch[];
}

/** Trees that all begin with the same tokens, which run once for all of them; they stand at the start of every trunk. */
export interface Family {
  readonly header: number;
  readonly trees: readonly Tree[];
}

// Shared tokens below these are not worth a cache, or a branch.
const LEAST_HEADER = 16;
const LEAST_TRUNK = 8;

/**
 * The sequences of pairs as trees: each context once, with its continuations as branches; contexts that differ late, as where a blank is
 * filled in two ways, share what they begin with. Trees that begin alike, as after the same examples, are a family.
 *
 * @param maxTokens Sequences are cut from the left to so many inputs, as lm-evaluation-harness does.
 * @param share Off: each sequence is a tree of its own, and no family has a header.
 */
export function planRows(pairs: readonly TokenPair[], { maxTokens, share }: { maxTokens: number; share: boolean }): Family[] {
  const trees: { trunk: readonly number[]; branches: Branch[] }[] = [];
  const known = new Map<readonly number[], (typeof trees)[number]>();
  for (const [index, { context, continuation }] of pairs.entries()) {
    const over = context.length + continuation.length - (maxTokens + 1);
    const trunk = over > 0 ? context.slice(over) : context;
    const branch = { tokens: continuation, scored: continuation.length, index };
    // Equal contexts are one array: whoever encodes them sees to that.
    const tree = share && over <= 0 && context.length > 1 ? known.get(context) : undefined;
    if (tree !== undefined) tree.branches.push(branch);
    else {
      const fresh = { trunk, branches: [branch] };
      trees.push(fresh);
      if (over <= 0) known.set(context, fresh);
    }
  }
  if (!share) return [{ header: 0, trees }];
  return families(trees.sort((a, b) => compareTokens(a.trunk, b.trunk)));
}

function families(trees: readonly Tree[]): Family[] {
  const found: Family[] = [];
  for (let from = 0; from < trees.length;) {
    let header = trees[from]!.trunk.length - 1;
    let to = from + 1;
    for (; to < trees.length; to++) {
      const common = Math.min(commonLength(trees[to - 1]!.trunk, trees[to]!.trunk), trees[to]!.trunk.length - 1);
      if (common < LEAST_HEADER || common < header / 2) break;
      header = Math.min(header, common);
    }
    const own = trees.slice(from, to);
    // Two that begin alike are one tree of two branches: a cache would not pay.
    found.push(own.length > 2 ? { header, trees: joined(own, header) } : { header: 0, trees: joined(own, 0) });
    from = to;
  }
  // Families of one have no header, and so can run together.
  const alone = found.filter(({ header }) => header === 0).flatMap((family) => family.trees);
  return [...found.filter(({ header }) => header > 0), ...(alone.length > 0 ? [{ header: 0, trees: joined(alone, 0) }] : [])];
}

/** Neighbours of one branch each become one tree where at least half of what stands after the header is the same. */
function joined(trees: readonly Tree[], header: number): Tree[] {
  const found: Tree[] = [];
  for (let from = 0; from < trees.length;) {
    let trunk = trees[from]!.trunk.length;
    let to = from + 1;
    if (trees[from]!.branches.length === 1) {
      for (; to < trees.length && trees[to]!.branches.length === 1; to++) {
        const [before, after] = [trees[to - 1]!.trunk, trees[to]!.trunk];
        const common = commonLength(before, after);
        if (common - header < LEAST_TRUNK || common - header < (Math.max(before.length, after.length) - header) / 2) break;
        trunk = Math.min(trunk, common);
      }
    }
    const own = trees.slice(from, to);
    found.push(own.length === 1 ? own[0]! : {
      trunk: own[0]!.trunk.slice(0, trunk),
      branches: own.flatMap((tree) => tree.branches.map((branch) => ({ ...branch, tokens: [...tree.trunk.slice(trunk), ...branch.tokens] }))),
    });
    from = to;
  }
  return found;
}

/** How many tokens two sequences have in common at their start. */
function commonLength(a: readonly number[], b: readonly number[]): number {
  const most = Math.min(a.length, b.length);
  let common = 0;
  while (common < most && a[common] === b[common]) common++;
  return common;
}

function compareTokens(a: readonly number[], b: readonly number[]): number {
  const common = commonLength(a, b);
  return (a[common] ?? -1) - (b[common] ?? -1);
}
