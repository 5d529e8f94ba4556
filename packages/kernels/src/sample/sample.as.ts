// Draws a token for each row of logits, as sample.ts says. What must be in order is kept as one whole number a token: its logit, made
// to order like one, above its id, so that larger is likelier and of equals the lower id.
import { exp2, exp2Constants } from '../common/exp2.as';
import { softmaxLogSum, softmaxMaximum, softmaxSum } from '../softmax/softmax.as';
import { sumLanes } from '../common/simd.as';

const LOG2_E: f32 = 1.44269504;
const BLOCK: i32 = 256;

let shift: f32 = 0;
let degrees: f32 = 1;
let top: f32 = 0;
let least: f32 = 0;

/** A logit divided by the temperature. */
// @ts-ignore: decorator
@inline
function divided(z: f32): f32 { return degrees == 1 ? z : (z - shift) / degrees; }

/** eˣ. */
// @ts-ignore: decorator
@inline
function power(x: f32, constants: usize): f32 { return f32x4.extract_lane(exp2(f32x4.splat(x * LOG2_E), constants), 0); }

/** What a token weighs, where its logit is not below `least`. */
function weightOf(z: f32, constants: usize): f32 { return z < least ? 0 : power(divided(z) - top, constants); }

/** Σ of the weights of `count` logits. */
function weightsOf(x: usize, count: i32, constants: usize): f64 {
  const unit = f32x4.splat(LOG2_E), s = f32x4.splat(shift), d = f32x4.splat(degrees), t = f32x4.splat(top), low = f32x4.splat(least);
  let sums = f32x4.splat(0), total: f64 = 0;
  for (; count >= 4; count -= 4, x += 16) {
    const z = v128.load(x);
    const value = degrees == 1 ? z : f32x4.div(f32x4.sub(z, s), d);
    sums = f32x4.add(sums, v128.and(exp2(f32x4.mul(f32x4.sub(value, t), unit), constants), f32x4.ge(z, low)));
  }
  for (; count > 0; count--, x += 4) total += <f64>weightOf(load<f32>(x), constants);
  return total + <f64>sumLanes(sums);
}

/** A token as a number. */
// @ts-ignore: decorator
@inline
function keyOf(z: f32, id: i32): u64 {
  // −0 is 0 here.
  const bits = reinterpret<u32>(z + 0);
  const ordered = bits & 0x80000000 ? ~bits : bits | 0x80000000;
  return <u64>ordered << 32 | <u64>(~<u32>id);
}

// @ts-ignore: decorator
@inline
function idOf(key: u64): i32 { return <i32>~<u32>key; }

/** The id of token `at` of a list, and its logit. */
// @ts-ignore: decorator
@inline
function idAt(list: usize, at: i32): i32 { return idOf(load<u64>(list + (<usize>at << 3))); }
// @ts-ignore: decorator
@inline
function logitAt(row: usize, list: usize, at: i32): f32 { return load<f32>(row + (<usize>idAt(list, at) << 2)); }

/** Puts `key` into the heap of `count` numbers at `heap`, the least on top, in place of that at `at`. */
function sink(heap: usize, at: i32, count: i32, key: u64): void {
  for (;;) {
    let child = 2 * at + 1;
    if (child >= count) break;
    if (child + 1 < count && load<u64>(heap + (<usize>(child + 1) << 3)) < load<u64>(heap + (<usize>child << 3))) child++;
    const other = load<u64>(heap + (<usize>child << 3));
    if (key <= other) break;
    store<u64>(heap + (<usize>at << 3), other);
    at = child;
  }
  store<u64>(heap + (<usize>at << 3), key);
}

/** The `most` likeliest tokens whose logits are `floor` or more, from the likeliest down, at `list`; returns how many. */
function likeliest(row: usize, vocab: i32, most: i32, floor: f32, list: usize): i32 {
  let count = 0, id = 0;
  for (; id < vocab && count < most; id++) {
    const z = load<f32>(row + (<usize>id << 2));
    if (z < floor) continue;
    store<u64>(list + (<usize>count << 3), keyOf(z, id));
    count++;
  }
  for (let at = (count >> 1) - 1; at >= 0; at--) sink(list, at, count, load<u64>(list + (<usize>at << 3)));
  let last = count > 0 ? logitAt(row, list, 0) : floor;
  while (id < vocab) {
    // A later token of the same logit comes behind the last.
    if (id + 4 <= vocab && !v128.any_true(f32x4.gt(v128.load(row + (<usize>id << 2)), f32x4.splat(last)))) { id += 4; continue; }
    const z = load<f32>(row + (<usize>id << 2));
    if (z > last) {
      sink(list, 0, count, keyOf(z, id));
      last = logitAt(row, list, 0);
    }
    id++;
  }
  for (let rest = count - 1; rest > 0; rest--) {
    const key = load<u64>(list), end = load<u64>(list + (<usize>rest << 3));
    store<u64>(list + (<usize>rest << 3), key);
    sink(list, 0, rest, end);
  }
  return count;
}

/** The token at which the summed weights of all tokens pass `uniform` of their total. */
function drawById(row: usize, vocab: i32, uniform: f64, constants: usize): i32 {
  let all: f64 = 0;
  for (let id = 0; id < vocab; id += BLOCK) all += weightsOf(row + (<usize>id << 2), min(BLOCK, vocab - id), constants);
  const target = uniform * all;
  let sum: f64 = 0, last = 0;
  for (let id = 0; id < vocab; id += BLOCK) {
    const count = min(BLOCK, vocab - id);
    const block = weightsOf(row + (<usize>id << 2), count, constants);
    // The last block that weighs something stands for what rounding leaves.
    if (block > 0) last = id;
    if (target < sum + block) break;
    sum += block;
  }
  let found = last;
  for (let id = last; id < min(vocab, last + BLOCK); id++) {
    const weight = weightOf(load<f32>(row + (<usize>id << 2)), constants);
    if (!(weight > 0)) continue;
    found = id;
    if (id == last) sum = min(sum, target);
    sum += <f64>weight;
    if (target < sum) break;
  }
  return found;
}

/** Of tokens in order, the one at which their summed weights pass `uniform` of the total. */
function drawInOrder(row: usize, list: usize, count: i32, uniform: f64, constants: usize): i32 {
  let all: f64 = 0;
  for (let i = 0; i < count; i++) all += <f64>weightOf(logitAt(row, list, i), constants);
  const target = uniform * all;
  let sum: f64 = 0, found = idAt(list, 0);
  for (let i = 0; i < count; i++) {
    const weight = weightOf(logitAt(row, list, i), constants);
    if (!(weight > 0)) continue;
    found = idAt(list, i);
    sum += <f64>weight;
    if (target < sum) break;
  }
  return found;
}

/** Rows [begin, end). `lists` has room for `room` tokens a row where they must be in order: then it is not 0. */
export function sample(
  begin: i32, end: i32, logits: usize, draws: usize, ids: usize, logprob: usize, lists: usize, vocab: i32, room: i32,
  temperature: f32, topP: f64, logMinP: f32,
): void {
  const constants = exp2Constants();
  for (let r = begin; r < end; r++) {
    const row = logits + (<usize>r * vocab << 2), at = <usize>r << 2;
    const most = softmaxMaximum(row, vocab);
    if (!(abs(most) < Infinity)) {
      store<i32>(ids + at, -1);
      store<f32>(logprob + at, 0);
      continue;
    }
    const total = softmaxSum(row, vocab, most);
    const uniform = <f64>load<f32>(draws + at);
    degrees = temperature == 0 ? 1 : temperature;
    // Near 0 the quotients would overflow, so the largest logit is made 0 first.
    shift = degrees < 1e-3 ? most : 0;
    top = divided(most);
    least = most + logMinP;
    let id = 0;
    if (temperature == 0) {
      while (load<f32>(row + (<usize>id << 2)) != most) id++;
    } else if (lists == 0) {
      id = drawById(row, vocab, uniform, constants);
    } else {
      const list = lists + (<usize>r * room << 3);
      // All tokens below this together have less than what top-p leaves out.
      const floor = room < vocab || topP >= 1 ? -f32.MAX_VALUE : most + <f32>softmaxLogSum(max(1 - topP, 1e-30) * total / <f64>vocab) - 1;
      let count = likeliest(row, vocab, room, floor, list);
      if (topP < 1) {
        let all = total;
        if (room < vocab) {
          all = 0;
          for (let i = 0; i < count; i++) all += <f64>power(logitAt(row, list, i) - most, constants);
        }
        let kept = 0, sum: f64 = 0;
        for (; kept == 0 || (kept < count && sum < topP * all); kept++) sum += <f64>power(logitAt(row, list, kept) - most, constants);
        count = kept;
      }
      id = drawInOrder(row, list, count, uniform, constants);
    }
    store<i32>(ids + at, id);
    store<f32>(logprob + at, <f32>(<f64>(load<f32>(row + (<usize>id << 2)) - most) - softmaxLogSum(total)));
  }
}
