// One invocation a block of values of a head: its codes as words, and its scale behind all codes of the head.
struct Params { count: u32, width: u32, block: u32, words: u32, bits: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let number = (id.y * groups.x + id.x) * 64u + lane;
  if (number >= params.count) { return; }
  let blocks = params.width / params.block;
  let row = number / blocks;
  let own = number % blocks;
  let begin = row * params.width + own * params.block;
  var far = 0.0;
  for (var i = 0u; i < params.block; i++) {
    let value = x[begin + i];
    if (abs(value) > abs(far)) { far = value; }
  }
  let scale = select(far / -8.0, abs(far) / 127.0, params.bits == 8u);
  let inverse = select(0.0, select(-8.0 / far, 127.0 / abs(far), params.bits == 8u), scale != 0.0);
  let lanes = 32u / params.bits;
  let to = row * params.words + own * (params.block / lanes);
  for (var word = 0u; word < params.block / lanes; word++) {
    var bits = 0u;
    for (var i = 0u; i < lanes; i++) {
      let steps = x[begin + word * lanes + i] * inverse;
      let code = select(u32(clamp(floor(steps + 8.5), 0.0, 15.0)), bitcast<u32>(i32(clamp(round(steps), -127.0, 127.0))) & 255u, params.bits == 8u);
      bits |= code << (params.bits * i);
    }
    y[to + word] = bits;
  }
  y[row * params.words + params.width / lanes + own] = bitcast<u32>(scale);
}
