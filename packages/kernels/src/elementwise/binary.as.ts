// y = a op b in spans: a span has its operands as vectors or as one number each, so that every broadcast of [rows, cols] is
// a choice of spans. The operation and the kind of span are constants where `span` is called, hence one tight loop each.
import { loadPartial, storePartial } from '../common/simd.as';

// @ts-ignore: decorator
@inline
function apply(op: i32, a: v128, b: v128): v128 {
  if (op == 0) return f32x4.add(a, b);
  if (op == 1) return f32x4.sub(a, b);
  if (op == 2) return f32x4.mul(a, b);
  if (op == 3) return f32x4.div(a, b);
  if (op == 4) return f32x4.max(a, b);
  return f32x4.min(a, b);
}

/** `count` results at y; an operand that is not a vector is one number. Each y is written behind the reads of its own a and b. */
// @ts-ignore: decorator
@inline
function span(op: i32, vectorA: bool, vectorB: bool, a: usize, b: usize, y: usize, count: i32): void {
  let a0 = v128.load32_splat(a), a1 = a0, a2 = a0, a3 = a0;
  let b0 = v128.load32_splat(b), b1 = b0, b2 = b0, b3 = b0;
  for (; count >= 16; count -= 16) {
    if (vectorA) { a0 = v128.load(a); a1 = v128.load(a, 16); a2 = v128.load(a, 32); a3 = v128.load(a, 48); a += 64; }
    if (vectorB) { b0 = v128.load(b); b1 = v128.load(b, 16); b2 = v128.load(b, 32); b3 = v128.load(b, 48); b += 64; }
    v128.store(y, apply(op, a0, b0));
    v128.store(y, apply(op, a1, b1), 16);
    v128.store(y, apply(op, a2, b2), 32);
    v128.store(y, apply(op, a3, b3), 48);
    y += 64;
  }
  for (; count >= 4; count -= 4) {
    if (vectorA) { a0 = v128.load(a); a += 16; }
    if (vectorB) { b0 = v128.load(b); b += 16; }
    v128.store(y, apply(op, a0, b0));
    y += 16;
  }
  if (count > 0) {
    if (vectorA) a0 = loadPartial(a, count);
    if (vectorB) b0 = loadPartial(b, count);
    storePartial(y, apply(op, a0, b0), count);
  }
}

// @ts-ignore: decorator
@inline
function spanOf(op: i32, vectorA: bool, vectorB: bool, a: usize, b: usize, y: usize, count: i32): void {
  if (vectorA) {
    if (vectorB) span(op, true, true, a, b, y, count);
    else span(op, true, false, a, b, y, count);
  } else if (vectorB) span(op, false, true, a, b, y, count);
  else span(op, false, false, a, b, y, count);
}

function anySpan(op: i32, vectorA: bool, vectorB: bool, a: usize, b: usize, y: usize, count: i32): void {
  if (count <= 0) return;
  if (op == 0) spanOf(0, vectorA, vectorB, a, b, y, count);
  else if (op == 1) spanOf(1, vectorA, vectorB, a, b, y, count);
  else if (op == 2) spanOf(2, vectorA, vectorB, a, b, y, count);
  else if (op == 3) spanOf(3, vectorA, vectorB, a, b, y, count);
  else if (op == 4) spanOf(4, vectorA, vectorB, a, b, y, count);
  else spanOf(5, vectorA, vectorB, a, b, y, count);
}

/** Elements [begin, end), each operand either of y's size or one number. */
export function binaryFlat(begin: i32, end: i32, a: usize, b: usize, y: usize, op: i32, vectorA: i32, vectorB: i32): void {
  const at = <usize>begin << 2;
  anySpan(op, vectorA != 0, vectorB != 0, vectorA ? a + at : a, vectorB ? b + at : b, y + at, end - begin);
}

/** Rows [begin, end): row r of an operand begins `step` bytes times r behind it, and is a vector or one number. */
export function binaryRows(
  begin: i32, end: i32, a: usize, b: usize, y: usize, cols: i32, op: i32, stepA: usize, stepB: usize, vectorA: i32, vectorB: i32,
): void {
  for (let r = begin; r < end; r++) {
    anySpan(op, vectorA != 0, vectorB != 0, a + <usize>r * stepA, b + <usize>r * stepB, y + ((<usize>r * cols) << 2), cols);
  }
}
