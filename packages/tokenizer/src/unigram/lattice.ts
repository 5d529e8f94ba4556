import { sizeAt } from '../aligned/aligned-text.ts';
import { pieceTrie } from '../models/piece-trie.ts';

/** Pieces and their log-probabilities; the first stands for what is unknown and has none (NaN). */
export type Pieces = readonly (readonly [piece: string, score: number])[];

/** All ways to write a text in pieces, as a graph whose node 0 is the beginning and whose last node is the end. */
export interface Lattice {
  /** UTF-16 units. */
  size: number;
  /** The number of nodes. */
  nodes: number;
  /** The piece of each node. */
  ids: Int32Array;
  scores: Float64Array;
  /** Where the piece of each node begins and ends. */
  starts: Int32Array;
  ends: Int32Array;
  /** The nodes that begin at a place are those from `begins[at]` to `begins[at + 1]`. */
  begins: Int32Array;
  /** The first node that ends at each place, or −1, and the one after each node that ends at the same place. */
  firstEnd: Int32Array;
  nextEnd: Int32Array;
}

/** Below the least likely piece by this much. */
const UNKNOWN_PENALTY = 10;

/** Returns the function that makes the {@link Lattice} of a text, good until it makes the next one. */
export function latticeOf(pieces: Pieces): (text: string) => Lattice {
  const { next, ends: pieceAt } = pieceTrie(pieces.map(([piece]) => piece));
  const scoreOf = Float64Array.from(pieces, ([, score]) => score);
  const unknownScore = scoreOf.reduce((min, score) => (score < min ? score : min), Infinity) - UNKNOWN_PENALTY;
  const lattice: Lattice = { size: 0, nodes: 0, ...places(64), ...nodeArrays(256) };
  let lastEnd = new Int32Array(66);

  function add(from: number, to: number, id: number, score: number): void {
    const node = lattice.nodes++;
    if (node >= lattice.ids.length) Object.assign(lattice, grown(lattice));
    lattice.ids[node] = id;
    lattice.scores[node] = score;
    lattice.starts[node] = from;
    lattice.ends[node] = to;
    lattice.nextEnd[node] = -1;
    if (lattice.firstEnd[to]! < 0) lattice.firstEnd[to] = node;
    else lattice.nextEnd[lastEnd[to]!] = node;
    lastEnd[to] = node;
  }

  return (text) => {
    const size = text.length;
    if (size + 2 > lattice.begins.length) {
      Object.assign(lattice, places(2 * size));
      lastEnd = new Int32Array(2 * size + 2);
    }
    lattice.size = size;
    lattice.nodes = 0;
    lattice.firstEnd.fill(-1, 0, size + 2);
    add(0, 0, -1, 0);
    let end = 0;
    for (let from = 0; from < size; from++) {
      lattice.begins[from] = lattice.nodes;
      if (from < end) continue;
      end = from + sizeAt(text, from);
      let covered = false;
      let node = 0;
      for (let to = from; to < size;) {
        node = next(node, text.charCodeAt(to++));
        if (node === 0) break;
        const id = pieceAt[node]!;
        if (id < 0) continue;
        add(from, to, id, scoreOf[id]!);
        covered ||= to === end;
      }
      if (!covered) add(from, end, 0, unknownScore);
    }
    lattice.begins[size] = lattice.nodes;
    // The end has no successor, so it stands in no list.
    add(size, size + 1, -1, 0);
    lattice.begins[size + 1] = lattice.nodes;
    return lattice;
  };
}

function places(size: number): Pick<Lattice, 'begins' | 'firstEnd'> {
  return { begins: new Int32Array(size + 2), firstEnd: new Int32Array(size + 2) };
}

function nodeArrays(size: number): Pick<Lattice, 'ids' | 'scores' | 'starts' | 'ends' | 'nextEnd'> {
  return { ids: new Int32Array(size), scores: new Float64Array(size), starts: new Int32Array(size), ends: new Int32Array(size), nextEnd: new Int32Array(size) };
}

function grown(lattice: Lattice): Pick<Lattice, 'ids' | 'scores' | 'starts' | 'ends' | 'nextEnd'> {
  const larger = nodeArrays(2 * lattice.ids.length);
  larger.ids.set(lattice.ids);
  larger.scores.set(lattice.scores);
  larger.starts.set(lattice.starts);
  larger.ends.set(lattice.ends);
  larger.nextEnd.set(lattice.nextEnd);
  return larger;
}
