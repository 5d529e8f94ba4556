// Rounds numbers to f16, from word `start` on.
enable f16;
struct Params { start: u32, words: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec2u>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (i < params.words) { y[i] = bitcast<vec2u>(vec4<f16>(x[params.start + i])); }
}
