// Four numbers an invocation: y = x · scale where the number's random word reaches the threshold, else 0. The words are those of
// Philox 4×32-10 at counter offset + i under the key, as in reference.ts. What memory holds beyond `count` does not matter.
struct Params { count: u32, threshold: u32, scale: f32, keyLow: u32, keyHigh: u32, offsetLow: u32, offsetHigh: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

// The upper 32 bits of a · b.
fn multiplyHigh(a: u32, b: u32) -> u32 {
  let middle = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
  let carry = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (carry >> 16u);
}

fn philox(counter: vec4u) -> vec4u {
  var words = counter;
  var key = vec2u(params.keyLow, params.keyHigh);
  for (var round = 0u; round < 10u; round++) {
    words = vec4u(
      multiplyHigh(0xcd9e8d57u, words.z) ^ words.y ^ key.x, 0xcd9e8d57u * words.z,
      multiplyHigh(0xd2511f53u, words.x) ^ words.w ^ key.y, 0xd2511f53u * words.x,
    );
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return words;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (4u * i >= params.count) { return; }
  let low = params.offsetLow + i;
  let words = philox(vec4u(low, params.offsetHigh + select(0u, 1u, low < i), 0u, 0u));
  y[i] = select(vec4f(), x[i] * params.scale, words >= vec4u(params.threshold));
}
