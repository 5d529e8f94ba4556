// Brings the rows of a chunk that count together, or spreads what was made for them to where they came from.
struct Params { rows: u32, words: u32, lanes: u32, first: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<Word>;

override SPREAD: bool = false;

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = placeOf(id, groups, lane);
  let number = params.first + place.row;
  if (place.row >= params.rows || number >= order[0]) { return; }
  let own = place.row * params.words;
  let there = order[1u + number] * params.words;
  let start = select(there, own, SPREAD);
  let to = select(own, there, SPREAD);
  for (var w = place.own; w < params.words; w += params.lanes) { y[to + w] = x[start + w]; }
}
