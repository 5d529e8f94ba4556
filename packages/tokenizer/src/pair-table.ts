/** A set of pairs of token ids, each numbered 0, 1, 2 … in the order of its first appearance. */
export interface PairTable {
  readonly count: number;
  /** The number of the pair, which is added when it is new (the number is then the old `count`). */
  intern(left: number, right: number): number;
  /** The number of the pair, or −1. */
  find(left: number, right: number): number;
  /** The left and right ids of pair `index`. */
  left(index: number): number;
  right(index: number): number;
}

/** Makes an empty {@link PairTable}: open addressing, at most half full. */
export function pairTable(): PairTable {
  let mask = 1023;
  let slots = new Int32Array(mask + 1).fill(-1);
  let lefts = new Int32Array(512);
  let rights = new Int32Array(512);
  let count = 0;

  function slotOf(left: number, right: number): number {
    let slot = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) | 0;
    slot = (slot ^ (slot >>> 15)) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const index = slots[slot]!;
      if (index < 0 || (lefts[index] === left && rights[index] === right)) return slot;
    }
  }

  function grow(): void {
    const oldLefts = lefts;
    const oldRights = rights;
    lefts = new Int32Array(oldLefts.length * 2);
    rights = new Int32Array(oldLefts.length * 2);
    lefts.set(oldLefts);
    rights.set(oldRights);
    mask = mask * 2 + 1;
    slots = new Int32Array(mask + 1).fill(-1);
    for (let index = 0; index < count; index++) slots[slotOf(lefts[index]!, rights[index]!)] = index;
  }

  return {
    get count() {
      return count;
    },
    intern(left, right) {
      const slot = slotOf(left, right);
      const found = slots[slot]!;
      if (found >= 0) return found;
      slots[slot] = count;
      lefts[count] = left;
      rights[count] = right;
      count++;
      if (count === lefts.length) grow();
      return count - 1;
    },
    find: (left, right) => slots[slotOf(left, right)]!,
    left: (index) => lefts[index]!,
    right: (index) => rights[index]!,
  };
}
