// One workgroup a row of queries: puts together what stretches of keys gave, lse = log Σ exp(lse_s), o = Σ exp(lse_s − lse) o_s.
struct Params { queries: u32, heads: u32, width: u32, rows: u32, stretches: u32, nothing: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<storage, read> logs: array<f32>;
@group(0) @binding(3) var<storage, read_write> o: array<f32>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;

const GROUP = 64u;

// A stretch of which the row sees nothing has −∞, told by its bits.
fn share(part: f32, most: f32) -> f32 { return select(exp(part - most), 0.0, bitcast<u32>(part) == 0xff800000u); }

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = id.y * groups.x + id.x;
  if (row >= params.rows) { return; }
  let batch = row / (params.queries * params.heads);
  let at = (batch * params.heads + row % params.heads) * params.queries + (row / params.heads) % params.queries;
  var most = -1e30;
  for (var s = 0u; s < params.stretches; s++) { most = max(most, logs[s * params.rows + at]); }
  var total = 0.0;
  for (var s = 0u; s < params.stretches; s++) { total += share(logs[s * params.rows + at], most); }
  if (lane == 0u) { lse[at] = select(most + log(total), params.nothing, total == 0.0); }
  for (var c = lane; c < params.width; c += GROUP) {
    var sum = 0.0;
    for (var s = 0u; s < params.stretches; s++) {
      sum = fma(share(logs[s * params.rows + at], most), parts[(s * params.rows + row) * params.width + c], sum);
    }
    o[row * params.width + c] = select(sum / total, 0.0, total == 0.0);
  }
}
