// The positions, sorted by id, are cut into chunks of `size`; an invocation adds up one word of a chunk. The sum of an id that
// begins in the chunk goes to its row of dtable, and that of one that goes on from the chunk before to heads [chunks, words].
struct Params { count: u32, size: u32, words: u32, vocab: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Word>;
@group(0) @binding(2) var<storage, read> ids: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read_write> heads: array<Word>;
@group(0) @binding(5) var<storage, read_write> dtable: array<Word>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let item = (id.y * groups.x + id.x) * 256u + lane;
  let chunk = item / params.words;
  let w = item % params.words;
  let begin = chunk * params.size;
  if (begin >= params.count) { return; }
  let end = min(begin + params.size, params.count);
  var token = ids[begin];
  var head = begin > 0u && ids[max(begin, 1u) - 1u] == token;
  var sum = Word();
  // Ids outside of the table are the last.
  for (var j = begin; j < end && token < params.vocab; ) {
    sum += dy[order[j] * params.words + w];
    j++;
    let next = ids[min(j, end - 1u)];
    if (j == end || next != token) {
      if (head) { heads[item] = sum; } else { dtable[token * params.words + w] = sum; }
      head = false;
      sum = Word();
      token = next;
    }
  }
}
