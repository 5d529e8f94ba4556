// The rows whose targets count: how many there are, and behind that their numbers in order. One workgroup, whose lanes each take a
// stretch of rows.
struct Params { rows: u32, ignoreIndex: i32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> targets: array<i32>;
@group(0) @binding(2) var<storage, read_write> order: array<u32>;

const GROUP = 256u;
var<workgroup> counts: array<u32, GROUP>;

@compute @workgroup_size(GROUP)
fn main(@builtin(local_invocation_index) lane: u32) {
  let share = (params.rows + GROUP - 1u) / GROUP;
  let begin = min(params.rows, lane * share);
  let end = min(params.rows, begin + share);
  var own = 0u;
  for (var r = begin; r < end; r++) { own += select(1u, 0u, targets[r] == params.ignoreIndex); }
  counts[lane] = own;
  workgroupBarrier();
  var at = 0u;
  for (var before = 0u; before < lane; before++) { at += counts[before]; }
  if (lane == GROUP - 1u) { order[0] = at + own; }
  for (var r = begin; r < end; r++) {
    if (targets[r] != params.ignoreIndex) {
      at++;
      order[at] = r;
    }
  }
}
