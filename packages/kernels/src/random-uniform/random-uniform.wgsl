// Four numbers an invocation: the upper 24 bits of the words of Philox at counter i under the key, as fractions. Memory has room
// for whole fours.
struct Params { count: u32, keyLow: u32, keyHigh: u32, stream: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seed: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
override HAS_SEED: bool;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (4u * i >= params.count) { return; }
  var key = vec2u(params.keyLow, params.keyHigh);
  if (HAS_SEED) { key = vec2u(seed[0], seed[1]); }
  y[i] = vec4f(philox(vec4u(i, 0u, params.stream, 1u), key) >> vec4u(8u)) * 5.9604644775390625e-8;
}
