/** What turns words into a reference. */
export interface Edits {
  readonly distance: number;
  /** For each word of the reference, the place that it has among the words: −1 before all. */
  readonly align: readonly number[];
  /** Whether each word here, and each word of the reference, is part of an edit. */
  readonly wrongHere: readonly boolean[];
  readonly wrongThere: readonly boolean[];
}

const BEAM = 25;
const KEPT = 0;
const REPLACED = 1;
const DELETED = 2;
const INSERTED = 3;
const FAR = 2 ** 30;

/**
 * The least insertions, deletions and replacements that turn `words` into `reference`, looked for near the diagonal, and which they are.
 * Where several are equally few: replacements before deletions before insertions.
 */
export function editTable(words: readonly string[], reference: readonly string[]): Edits {
  const columns = reference.length + 1;
  const ratio = words.length === 0 ? 1 : reference.length / words.length;
  const beam = BEAM < ratio / 2 ? Math.ceil(ratio / 2 + BEAM) : BEAM;
  const ops = new Uint8Array((words.length + 1) * columns).fill(INSERTED, 0, columns);
  let above = Int32Array.from({ length: columns }, (_, j) => j);
  for (let i = 1; i <= words.length; i++) {
    const row = new Int32Array(columns).fill(FAR);
    const diagonal = Math.floor(i * ratio);
    const end = i === words.length ? columns : Math.min(columns, diagonal + beam);
    for (let j = Math.max(0, diagonal - beam); j < end; j++) {
      const put = (cost: number, op: number): void => {
        if (cost >= row[j]!) return;
        row[j] = cost;
        ops[i * columns + j] = op;
      };
      if (j === 0) put(above[0]! + 1, DELETED);
      else {
        const same = words[i - 1] === reference[j - 1];
        put(above[j - 1]! + Number(!same), same ? KEPT : REPLACED);
        put(above[j]! + 1, DELETED);
        put(row[j - 1]! + 1, INSERTED);
      }
    }
    above = row;
  }
  const align = Array.from<number>({ length: reference.length });
  const wrongHere = Array.from<boolean>({ length: words.length });
  const wrongThere = Array.from<boolean>({ length: reference.length });
  for (let [i, j] = [words.length, reference.length]; i > 0 || j > 0;) {
    const op = ops[i * columns + j]!;
    if (op !== INSERTED) wrongHere[--i] = op !== KEPT;
    if (op !== DELETED) wrongThere[--j] = op !== KEPT;
    // A word that is missing here stands after the last one that is not.
    if (op === INSERTED) align[j] = i - 1;
    else if (op !== DELETED) align[j] = i;
  }
  return { distance: above[columns - 1]!, align, wrongHere, wrongThere };
}
