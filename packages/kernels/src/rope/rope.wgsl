// `lanes` lanes a row of batch × positions: each pair (a, b) of the first 2 · half numbers of a head turns to
// (a cos θ − b sin θ, b cos θ + a sin θ), and the rest is copied. A position outside of the tables gives NaN. `width`, `half` and
// `words` are in words: of a head, of a row of the tables, and of a row's pairs or its rest, whichever are more.
override INTERLEAVED: bool = false;
override HAS_POSITIONS: bool = false;
struct Params { rows: u32, words: u32, lanes: u32, positions: u32, heads: u32, width: u32, half: u32, tablePositions: u32, sign: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> cosines: array<Word>;
@group(0) @binding(3) var<storage, read> sines: array<Word>;
@group(0) @binding(4) var<storage, read> positions: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<Word>;

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = placeOf(id, groups, lane);
  if (place.row >= params.rows) { return; }
  let half = params.half;
  let start = place.row * params.heads * params.width;
  var position = place.row % params.positions;
  if (HAS_POSITIONS) { position = positions[place.row]; }
  // Negative positions are large ones here.
  let outside = position >= params.tablePositions;
  let table = select(position * half, 0u, outside);
  let nothing = Word(notANumber());
  for (var w = place.own; w < params.heads * half; w += params.lanes) {
    let head = start + w / half * params.width;
    let i = w % half;
    let first = head + select(i, 2u * i, INTERLEAVED);
    let second = head + select(i + half, 2u * i + 1u, INTERLEAVED);
    let one = x[first];
    let two = x[second];
    let a = select(one, wordEvens(one, two), INTERLEAVED);
    let b = select(two, wordOdds(one, two), INTERLEAVED);
    let c = cosines[table + i];
    let s = sines[table + i] * params.sign;
    let p = select(fma(a, c, -b * s), nothing, outside);
    let q = select(fma(b, c, a * s), nothing, outside);
    y[first] = select(p, wordFirst(p, q), INTERLEAVED);
    y[second] = select(q, wordSecond(p, q), INTERLEAVED);
  }
  let rest = params.width - 2u * half;
  for (var w = place.own; w < params.heads * rest; w += params.lanes) {
    let at = start + w / rest * params.width + 2u * half + w % rest;
    y[at] = select(x[at], nothing, outside);
  }
}
