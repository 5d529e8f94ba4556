// `lanes` lanes a row of y: the table's row by id, NaN where there is none.
struct Params { rows: u32, words: u32, lanes: u32, vocab: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> table: array<Word>;
@group(0) @binding(2) var<storage, read> ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<Word>;

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = placeOf(id, groups, lane);
  if (place.row >= params.rows) { return; }
  let to = place.row * params.words;
  // Negative ids are large ones here.
  let token = ids[place.row];
  if (token < params.vocab) {
    for (var w = place.own; w < params.words; w += params.lanes) { y[to + w] = table[token * params.words + w]; }
  } else {
    let nothing = Word(notANumber());
    for (var w = place.own; w < params.words; w += params.lanes) { y[to + w] = nothing; }
  }
}
