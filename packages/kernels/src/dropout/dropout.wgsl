// Four numbers an invocation: y = x · scale where the number's random word reaches the threshold, else 0. The words are those of
// Philox at counter offset + i under the key, as in reference.ts. What memory holds beyond `count` does not matter.
struct Params { count: u32, threshold: u32, scale: f32, keyLow: u32, keyHigh: u32, site: u32, offsetLow: u32, offsetHigh: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> seed: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
override HAS_SEED: bool;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (4u * i >= params.count) { return; }
  var key = vec2u(params.keyLow, params.keyHigh);
  if (HAS_SEED) { key = vec2u(seed[0], seed[1]); }
  let low = params.offsetLow + i;
  let words = philox(vec4u(low, params.offsetHigh + select(0u, 1u, low < i), params.site, 0u), key);
  y[i] = select(vec4f(), x[i] * params.scale, words >= vec4u(params.threshold));
}
