import { kvCache, type KvCache, type Model } from '@llm/model';
import { branchSegment, embed, gather, keep, linear, logSoftmax, max, reshape, scope, slice, tensor, type Tensor, type Tree as Params } from '@llm/tensor';
import type { Branch, Family } from './plan-rows.ts';

/** A trunk with the branches that run behind it in one row. */
interface Row {
  readonly trunk: readonly number[];
  readonly branches: readonly Branch[];
  /** Tokens that run: those after the header, and of each branch all but the last. */
  readonly tokens: number;
}

/** The sum of a branch's log-probabilities, and whether each of its tokens is the likeliest. */
export interface BranchScore {
  logprob: number;
  greedy: boolean;
}

export interface RunOptions {
  readonly model: Pick<Model, 'hidden' | 'head' | 'shape'>;
  readonly params: Params;
  /** Tokens that run at once, padding included. */
  readonly batchTokens: number;
  /** Called for each answer. */
  readonly onScore: (index: number, score: BranchScore) => void;
  readonly signal?: AbortSignal | undefined;
}

// Logits that are held at once: 32 MB.
const CHUNK_LOGITS = 2 ** 23;

/** Scores the branches of a family of trees: the header once, each trunk once, in batches of rows of like lengths. */
export async function scoreFamily({ header, trees }: Family, options: RunOptions): Promise<void> {
  const { model, params, batchTokens, signal } = options;
  const rows = trees.flatMap((tree) => rowsOf(tree, { header, most: batchTokens })).sort((a, b) => b.tokens - a.tokens);
  const [longest] = rows;
  if (longest === undefined) return;
  const first = header === 0 ? undefined : headerCache(options, longest.trunk.slice(0, header));
  let cache: KvCache | undefined;
  try {
    for (let from = 0; from < rows.length;) {
      signal?.throwIfAborted();
      // With a header the number of rows stays, so that one cache serves all batches.
      const width = header === 0 ? rows[from]!.tokens : longest.tokens;
      const batch = rows.slice(from, from + Math.max(1, Math.floor(batchTokens / width)));
      if (first !== undefined) {
        if (cache?.batch === batch.length) cache.truncate(cache.lengths.map(() => header));
        else {
          cache?.dispose();
          cache = repeatedCache(first, { shape: model.shape, batch: batch.length, capacity: header + longest.tokens });
        }
      }
      await scoreBatch(batch, { ...options, params, header, cache });
      from += batch.length;
    }
  } finally {
    cache?.dispose();
    first?.dispose();
  }
}

/** Rows of a tree; one whose branches take more than there is room for has several, each with the trunk. */
function rowsOf({ trunk, branches }: Family['trees'][number], { header, most }: { header: number; most: number }): Row[] {
  const rows: { trunk: readonly number[]; branches: Branch[]; tokens: number }[] = [];
  for (const branch of branches) {
    const tokens = branch.tokens.length - 1;
    const last = rows.at(-1);
    if (last !== undefined && last.tokens + tokens <= most) {
      last.branches.push(branch);
      last.tokens += tokens;
    } else rows.push({ trunk, branches: [branch], tokens: trunk.length - header + tokens });
  }
  return rows;
}

/** Keys and values of the header, of one row. */
function headerCache({ model, params, batchTokens }: RunOptions, header: readonly number[]): KvCache {
  const cache = kvCache(model.shape, { batch: 1, capacity: header.length });
  for (let from = 0; from < header.length; from += batchTokens) {
    const ids = Int32Array.from(header.slice(from, from + batchTokens));
    scope(() => { model.hidden(params, { ids: tensor(ids, [1, ids.length], 'int32'), cache }); });
  }
  return cache;
}

/** The same keys and values for so many rows, with room for what follows. */
function repeatedCache(cache: KvCache, { shape, batch, capacity }: { shape: Model['shape']; batch: number; capacity: number }): KvCache {
  const wide = kvCache(shape, { batch, capacity });
  const [count = 0] = cache.lengths;
  scope(() => {
    const zeros = tensor(new Int32Array(batch), [batch], 'int32');
    // As rows of a table, which are copied whole.
    const repeated = (values: Tensor): Tensor => reshape(embed(zeros, reshape(values, [1, values.size])), [batch, ...values.shape.slice(1)]);
    cache.layers.forEach(({ k, v }, layer) => wide.append(layer, repeated(k), repeated(v)));
  });
  wide.advance(count);
  return wide;
}

/** A token that is to be predicted: by the state at one of the places, for one of the branches. */
interface Target { readonly place: number; readonly id: number; readonly branch: number }

async function scoreBatch(rows: readonly Row[], { model, params, header, cache, onScore }: RunOptions & { header: number; cache: KvCache | undefined }): Promise<void> {
  const length = Math.max(...rows.map(({ tokens }) => tokens));
  const branches = rows.flatMap((row) => row.branches);
  const { ids, positions, segments, places, targets } = laidOut(rows, { header, length, cached: cache?.capacity });
  const branched = rows.some((row) => row.branches.length > 1);
  const states = scope(() => {
    const matrix = (values: Int32Array): Tensor => tensor(values, [rows.length, values.length / rows.length], 'int32');
    const marks = branched ? { positions: matrix(positions), segments: matrix(segments) } : {};
    const hidden = model.hidden(params, { ids: matrix(ids), ...marks, cache });
    return keep(embed(tensor(places, [places.length], 'int32'), reshape(hidden, [ids.length, model.shape.width])));
  });
  const scores = branches.map((): BranchScore => ({ logprob: 0, greedy: true }));
  try {
    const step = Math.max(1, Math.floor(CHUNK_LOGITS / model.shape.vocabSize));
    for (let from = 0; from < places.length; from += step) {
      const count = Math.min(step, places.length - from);
      const own = targets.filter(({ place }) => place >= from && place < from + count);
      await addScores(scores, own, { logs: logsOf({ model, params, states }, { from, count, own }), from });
    }
  } finally {
    states.dispose();
  }
  branches.forEach(({ index }, i) => onScore(index, scores[i]!));
}

/** The ids, positions and segments of rows, the places whose states are needed, and what each is to predict. */
function laidOut(rows: readonly Row[], { header, length, cached }: { header: number; length: number; cached: number | undefined }) {
  const keys = cached ?? length;
  const ids = new Int32Array(rows.length * length);
  const positions = new Int32Array(rows.length * length);
  // Keys of the header and of trunks are branch 0. What is behind a row is after all that counts in it.
  const segments = new Int32Array(rows.length * keys);
  const places: number[] = [];
  const slots = new Map<number, number>();
  const targets: Target[] = [];
  let number = 0;
  for (const [row, { trunk, branches }] of rows.entries()) {
    const begin = row * length;
    let at = begin;
    const write = (tokens: readonly number[], from: number, branch: number): void => {
      for (const [i, id] of tokens.entries()) {
        ids[at] = id;
        positions[at] = from + i;
        segments[row * keys + (at - begin) + (cached === undefined ? 0 : header)] = branchSegment(0, branch);
        at++;
      }
    };
    write(trunk.slice(header), header, 0);
    const end = at - 1;
    for (const [branch, { tokens, scored }] of branches.entries()) {
      const start = at;
      write(tokens.slice(0, -1), trunk.length, branches.length > 1 ? branch + 1 : 0);
      for (let i = tokens.length - scored; i < tokens.length; i++) {
        // The last token of the trunk predicts the first of every branch.
        const place = i === 0 ? end : start + i - 1;
        if (!slots.has(place)) slots.set(place, places.push(place) - 1);
        targets.push({ place: slots.get(place)!, id: tokens[i]!, branch: number });
      }
      number++;
    }
  }
  return { ids, positions, segments, places: Int32Array.from(places), targets };
}

interface Logs { readonly own: Tensor; readonly top: Tensor }

/** The log-probabilities of targets, and the highest of each place. */
function logsOf({ model, params, states }: { model: RunOptions['model']; params: Params; states: Tensor }, { from, count, own }: { from: number; count: number; own: readonly Target[] }): Logs {
  return scope(() => {
    const { vocabSize, width } = model.shape;
    const logs = logSoftmax(linear(slice(states, [from, 0], [count, width]), model.head(params)));
    const wanted = tensor(Int32Array.from(own, ({ place, id }) => (place - from) * vocabSize + id), [own.length], 'int32');
    return { own: gather(reshape(logs, [count * vocabSize]), wanted), top: max(logs, 1) };
  });
}

async function addScores(scores: BranchScore[], targets: readonly Target[], { logs, from }: { logs: Logs; from: number }): Promise<void> {
  const [own, top] = await Promise.all([logs.own.data(), logs.top.data()]);
  logs.own.dispose();
  logs.top.dispose();
  for (const [i, { place, branch }] of targets.entries()) {
    const score = scores[branch]!;
    score.logprob += own[i]!;
    if (!(own[i]! >= top[place - from]!)) score.greedy = false;
  }
}
