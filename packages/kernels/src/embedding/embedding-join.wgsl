// Where an id begins in a chunk and goes on beyond it: its row of dtable, which holds the chunk's sum, gets the heads of the chunks
// that go on with it.
struct Params { count: u32, size: u32, words: u32, vocab: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> heads: array<Word>;
@group(0) @binding(3) var<storage, read_write> dtable: array<Word>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let item = (id.y * groups.x + id.x) * 256u + lane;
  let chunk = item / params.words;
  let w = item % params.words;
  let begin = chunk * params.size;
  let end = begin + params.size;
  if (end >= params.count) { return; }
  let token = ids[end];
  if (token >= params.vocab || ids[end - 1u] != token || (begin > 0u && ids[max(begin, 1u) - 1u] == token)) { return; }
  var sum = dtable[token * params.words + w];
  for (var next = chunk + 1u; next * params.size < params.count && ids[next * params.size] == token; next++) {
    sum += heads[next * params.words + w];
  }
  dtable[token * params.words + w] = sum;
}
