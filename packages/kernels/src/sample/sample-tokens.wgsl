// The tokens of a row for sample.wgsl, one workgroup a row: their order, what they weigh, and the likeliest of them.
struct Params { rows: u32, vocab: u32, topK: u32, ordered: u32, greedy: u32, idBits: u32, topP: f32, logMinP: f32, inverse: f32, steps: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<u32>;
@group(0) @binding(2) var<storage, read> draws: array<f32>;
@group(0) @binding(3) var<storage, read_write> ids: array<i32>;
@group(0) @binding(4) var<storage, read_write> logprob: array<f32>;

const LANES = 256u;
// Bits of a digit, and its values.
const DIGIT = 3u;
const BINS = 8u;
// Tokens in the list at most. Their orders lie in the room from 0 on, their ids from IDS on, and sums from SUMS on.
const MOST = 1024u;
const IDS = 1024u;
const SUMS = 2048u;
const STEP_BITS = 21u;
const LAST_STEP = 2097151u;
const ALL = 0xffffffffu;
const MINUS_INFINITY = 0xff800000u;

// What is added up: tokens, their powers under the model, or those they are drawn by.
const COUNT = 0u;
const MODEL = 1u;
const DRAWN = 2u;

struct Best { order: u32, id: u32, sum: f32, bad: u32 }
struct Level { digit: u32, inside: u32, through: u32, before: f32, after: f32, goal: f32 }
// Where the goal is passed: in the list, of which the first `count` are meant, and before which `before` is added up. With `whole` it
// begins with the likeliest token.
struct Found { whole: bool, count: u32, before: f32, goal: f32 }

var<workgroup> room: array<u32, 2560>;
var<workgroup> best: Best;
var<workgroup> level: Level;
var<workgroup> inside: atomic<u32>;
var<workgroup> through: atomic<u32>;
var<workgroup> listed: atomic<u32>;
var<workgroup> crossing: atomic<u32>;
var<workgroup> answer: u32;

// Of the row: where it starts, its largest logit, its draw, and the last token, by order and id, that is left.
var<private> start: u32;
var<private> most: f32;
var<private> uniformDraw: f32;
var<private> cut: vec2u;

fn power(x: f32) -> f32 { return select(exp(x), 0.0, x < -87.0); }
// The next number below one that is not negative.
fn below(x: f32) -> f32 { return select(bitcast<f32>(bitcast<u32>(x) - 1u), 0.0, x == 0.0); }

// Falls as logits rise; 0 and −0 are one.
fn orderOf(bits: u32) -> u32 {
  let plain = select(bits, 0u, bits == 0x80000000u);
  return select(0x7fffffffu - plain, plain, plain > 0x7fffffffu);
}

// A token's place in the order, to be compared part by part: how far it is below the largest logit, its order, its id.
fn placeOf(bits: u32, id: u32) -> vec3u {
  if (params.ordered == 0u) { return vec3u(0u, 0u, id); }
  if (bits == MINUS_INFINITY) { return vec3u(LAST_STEP, orderOf(bits), id); }
  let step = u32(min((most - bitcast<f32>(bits)) * params.steps, f32(LAST_STEP)));
  return vec3u(step, orderOf(bits), id);
}

fn isLeft(place: vec3u) -> bool { return place.y < cut.x || (place.y == cut.x && place.z <= cut.y); }

fn weightOf(kind: u32, bits: u32) -> f32 {
  if (kind == COUNT) { return 1.0; }
  if (bits == MINUS_INFINITY) { return 0.0; }
  let x = bitcast<f32>(bits) - most;
  if (kind == MODEL) { return power(x); }
  return select(power(x * params.inverse), 0.0, x < params.logMinP);
}

// The logits of a lane's next four tokens up to the last.
fn four(i: u32, last: u32) -> vec4u {
  let at = min(vec4u(i, i + LANES, i + 2u * LANES, i + 3u * LANES), vec4u(last)) + vec4u(start);
  return vec4u(logits[at.x], logits[at.y], logits[at.z], logits[at.w]);
}

fn better(order: u32, id: u32, than: u32, thanId: u32) -> bool { return order < than || (order == than && id < thanId); }

// The likeliest token and Σ exp(z − its logit). A row is bad with a NaN, or where the largest logit is infinite.
fn survey(lane: u32) -> Best {
  var own = Best(ALL, ALL, 0.0, 0u);
  var high = 0.0;
  for (var i = lane; i < params.vocab; i += 8u * LANES) {
    let near = four(i, params.vocab - 1u);
    let far = four(i + 4u * LANES, params.vocab - 1u);
    for (var e = 0u; e < 8u; e++) {
      let id = i + e * LANES;
      if (id >= params.vocab) { break; }
      let bits = select(far[e & 3u], near[e & 3u], e < 4u);
      if ((bits & 0x7fffffffu) > 0x7f800000u || bits == 0x7f800000u) { own.bad = 1u; }
      if (bits == MINUS_INFINITY || own.bad != 0u) { continue; }
      let z = bitcast<f32>(bits);
      let order = orderOf(bits);
      if (order < own.order) {
        if (own.sum > 0.0) { own.sum *= power(high - z); }
        own.order = order;
        own.id = id;
        high = z;
      }
      own.sum += power(z - high);
    }
  }
  room[lane] = own.order;
  room[LANES + lane] = own.id;
  room[2u * LANES + lane] = bitcast<u32>(high);
  room[3u * LANES + lane] = bitcast<u32>(own.sum);
  room[4u * LANES + lane] = own.bad;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      let other = lane + half;
      if (better(room[other], room[LANES + other], own.order, own.id)) {
        own.sum *= power(high - bitcast<f32>(room[2u * LANES + other]));
        own.sum += bitcast<f32>(room[3u * LANES + other]);
        own.order = room[other];
        own.id = room[LANES + other];
        high = bitcast<f32>(room[2u * LANES + other]);
      } else if (room[other] != ALL) {
        own.sum += bitcast<f32>(room[3u * LANES + other]) * power(bitcast<f32>(room[2u * LANES + other]) - high);
      }
      own.bad |= room[4u * LANES + other];
      room[lane] = own.order;
      room[LANES + lane] = own.id;
      room[2u * LANES + lane] = bitcast<u32>(high);
      room[3u * LANES + lane] = bitcast<u32>(own.sum);
      room[4u * LANES + lane] = own.bad;
    }
  }
  if (lane == 0u) {
    if (own.id == ALL) { own.bad = 1u; }
    best = own;
  }
  return workgroupUniformLoad(&best);
}
