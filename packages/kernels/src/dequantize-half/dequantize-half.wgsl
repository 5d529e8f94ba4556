// Floats of two bytes, two to a word, made floats of four; an invocation takes a word.
struct Params { words: u32 }
override BRAIN: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> packed: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec2u>;

fn wide(half: u32) -> u32 {
  if (BRAIN) { return half << 16u; }
  let sign = (half & 0x8000u) << 16u;
  let magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u) { return sign | 0x7f800000u | (magnitude << 13u); }
  // A tiny number has no exponent to move; as a product it is not one of the numbers that a card may take for 0.
  if (magnitude < 0x400u) { return sign | bitcast<u32>(f32(magnitude) * 0x1p-24); }
  return sign | ((magnitude << 13u) + 0x38000000u);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (i >= params.words) { return; }
  y[i] = vec2u(wide(packed[i] & 0xffffu), wide(packed[i] >> 16u));
}
