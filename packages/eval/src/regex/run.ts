import { isWord, sameChar } from './char-class.ts';
import type { Program } from './compile.ts';
import type { Assertion } from './nodes.ts';

/** A text as code points, and what is left of the steps that looking through it may take. */
export interface Subject {
  readonly codes: Uint32Array;
  left: number;
}

/** Thrown where a match would take more steps than are left. */
export class OutOfSteps extends Error {}

// Numbers on the stack, at most: 256 MB.
const DEEPEST = 2 ** 25;

// Kinds of entries on the stack, each of four numbers.
const BRANCH = 0;
const RESTORE = 1;
const LONGER = 2;
const SHORTER = 3;

/**
 * Runs a program at one place of a text, by backtracking with a stack of its own, so that no text overflows the engine's. Returns
 * where the match ends, or −1; `slots` then holds the groups. Every step is paid for. With `mustMove` a match that is empty does not count.
 */
export function runProgram(program: Program, subject: Subject, { at, slots, mustMove = false }: { at: number; slots: Int32Array; mustMove?: boolean }): number {
  const { codes } = subject;
  const stack: number[] = [];
  let pc = 0;
  let pos = at;

  const put = (slot: number, value: number): void => {
    stack.push(RESTORE, slot, slots[slot]!, 0);
    slots[slot] = value;
  };
  const fail = (): boolean => {
    while (stack.length > 0) {
      const c = stack.pop()!;
      const b = stack.pop()!;
      const a = stack.pop()!;
      const kind = stack.pop()!;
      if (kind === RESTORE) {
        slots[a] = b;
        continue;
      }
      if (kind === BRANCH) {
        pc = a;
        pos = b;
        return true;
      }
      // b is where the run was left last, c its other end.
      if (kind === SHORTER) {
        pos = b - 1;
        if (pos > c) stack.push(SHORTER, a, pos, c);
        pc = a;
        return true;
      }
      const run = program[a - 1] as { test: (code: number) => boolean };
      if (b >= c || !run.test(codes[b]!)) continue;
      pos = b + 1;
      stack.push(LONGER, a, pos, c);
      pc = a;
      return true;
    }
    return false;
  };

  for (;;) {
    if (--subject.left < 0 || stack.length > DEEPEST) throw new OutOfSteps();
    const step = program[pc]!;
    let ok = true;
    switch (step.op) {
      case 'match':
        if (!mustMove || pos > at) return pos;
        ok = false;
        break;
      case 'char':
        ok = pos < codes.length && step.test(codes[pos]!);
        pos++;
        pc++;
        break;
      case 'run': {
        const begin = pos;
        const most = Math.min(codes.length, begin + step.max);
        const wanted = step.greedy ? most : Math.min(most, begin + step.min);
        while (pos < wanted && step.test(codes[pos]!)) pos++;
        subject.left -= (pos - begin) / 8;
        ok = pos - begin >= step.min;
        pc++;
        if (!ok) break;
        if (step.greedy && pos > begin + step.min) stack.push(SHORTER, pc, pos, begin + step.min);
        if (!step.greedy && pos < most) stack.push(LONGER, pc, pos, most);
        break;
      }
      case 'split':
        stack.push(BRANCH, step.second, pos, 0);
        pc = step.first;
        break;
      case 'jump':
        pc = step.to;
        break;
      case 'save': case 'mark':
        put(step.slot, pos);
        pc++;
        break;
      case 'moved':
        pc = slots[step.slot] === pos ? step.exit : pc + 1;
        break;
      case 'assert':
        ok = holds(step.kind, codes, pos);
        pc++;
        break;
      case 'backref': {
        const [from, to] = [slots[2 * step.index]!, slots[2 * step.index + 1]!];
        ok = from >= 0 && to >= from && pos + to - from <= codes.length;
        for (let i = from; ok && i < to; i++) ok = sameChar(codes[i]!, codes[pos + i - from]!, step.ignoreCase);
        subject.left -= Math.max(0, to - from) / 8;
        pos += to - from;
        pc++;
        break;
      }
      case 'look': {
        const inner = slots.slice();
        const end = pos >= step.behind ? runProgram(step.program, subject, { at: pos - step.behind, slots: inner }) : -1;
        ok = (end >= 0) !== step.negate;
        if (ok && !step.negate) {
          inner.forEach((value, slot) => { if (value !== slots[slot]) put(slot, value); });
          if (step.take) pos = end;
        }
        pc++;
      }
    }
    if (!ok && !fail()) return -1;
  }
}

function holds(kind: Assertion, codes: Uint32Array, pos: number): boolean {
  const { length } = codes;
  switch (kind) {
    case 'textStart': return pos === 0;
    case 'textEnd': return pos === length;
    case 'end': return pos === length || (pos === length - 1 && codes[pos] === 10);
    case 'lineStart': return pos === 0 || codes[pos - 1] === 10;
    case 'lineEnd': return pos === length || codes[pos] === 10;
    default: {
      const edge = (pos > 0 && isWord(codes[pos - 1]!)) !== (pos < length && isWord(codes[pos]!));
      return edge === (kind === 'word');
    }
  }
}
