// The cap is that of scores in units of log₂. A pair is a key head of one row of the batch. Its rows are the queries of all heads that read it, numbered by position first and
// head second, so that neighbouring rows see nearly the same keys.
struct Params {
  queries: u32, keys: u32, heads: u32, kvHeads: u32, width: u32, group: u32, rows: u32, pairs: u32,
  factor: f32, scale: f32, causal: u32, window: i32, offset: i32, biasBatchStep: u32, biasHeadStep: u32,
  hasBias: u32, hasSegments: u32, hasLengths: u32, hasOffsets: u32, hasPrefixes: u32,
  segmentsAt: u32, lengthsAt: u32, offsetsAt: u32, prefixesAt: u32,
  groups: u32, blocks: u32, stretch: u32, shares: u32, outRows: u32, nothing: f32, cap: f32,
}
@group(0) @binding(0) var<uniform> params: Params;

const LANES = 128u;
const LOG2E = 1.4426950408889634;
const LN2 = 0.6931471805599453;
// A score that stands for none, and the least maximum of a row: the power of two of their difference is 0.
const HIDDEN = -3e38;
const LEAST = -1e30;

// Of its keys `open` are seen from every position: all of them, or under a causal mask none but a prefix.
struct Place { batch: u32, kvHead: u32, shift: i32, length: i32, open: i32 }

fn placeOf(pair: u32) -> Place {
  let batch = pair / params.kvHeads;
  var place = Place(batch, pair % params.kvHeads, params.offset, i32(params.keys), i32(params.keys));
  if (params.hasOffsets != 0u) { place.shift = offsetOf(batch); }
  if (params.causal != 0u) {
    place.open = 0;
    if (params.hasPrefixes != 0u) { place.open = prefixOf(batch); }
  }
  if (params.hasLengths != 0u) { place.length = clamp(lengthOf(batch), 0, place.length); }
  return place;
}

fn keyRow(place: Place, key: u32) -> u32 { return (place.batch * params.keys + key) * params.kvHeads + place.kvHead; }
fn headOf(place: Place, row: u32) -> u32 { return place.kvHead * params.group + row % params.group; }
fn queryRow(place: Place, row: u32) -> u32 { return (place.batch * params.queries + row / params.group) * params.heads + headOf(place, row); }
fn lseRow(place: Place, row: u32) -> u32 { return (place.batch * params.heads + headOf(place, row)) * params.queries + row / params.group; }
fn biasRow(place: Place, row: u32) -> u32 {
  return (place.batch * params.biasBatchStep + headOf(place, row) * params.biasHeadStep) * params.queries + row / params.group;
}

// The keys in [x, y) that a row sees, if their segment is z, and its row in q.
fn seenBy(place: Place, row: u32) -> vec4i {
  if (row >= params.rows) { return vec4i(); }
  let position = i32(row / params.group) + place.shift;
  var seen = vec4i(0, min(place.length, max(position + 1, place.open)), 0, i32(queryRow(place, row)));
  if (params.window > 0) { seen.x = max(0, position - params.window + 1); }
  if (params.hasSegments != 0u) {
    if (position < 0 || position >= i32(params.keys)) { seen.y = 0; } else { seen.z = segmentAt(place.batch * params.keys + u32(position)); }
  }
  return seen;
}

// The keys in [x, y) that some row of [first, last] sees, and those in [z, w) that each sees, apart from segments.
fn reachOf(place: Place, first: u32, last: u32) -> vec4i {
  let low = i32(first / params.group) + place.shift;
  let high = i32(last / params.group) + place.shift;
  var reach = vec4i(0, min(place.length, max(high + 1, place.open)), 0, min(place.length, max(low + 1, place.open)));
  if (params.window > 0) { reach = vec4i(max(0, low - params.window + 1), reach.y, max(0, high - params.window + 1), reach.w); }
  return reach;
}

// Which of four pairs of a key and a row of queries see each other: a row sees its own segment and the trunk of its document.
fn visible(key: vec4i, low: vec4i, high: vec4i, keyId: vec4i, rowId: vec4i) -> vec4<bool> {
  return (key >= low) & (key < high) & ((keyId == rowId) | (keyId == (rowId & vec4i(0xffff))));
}
