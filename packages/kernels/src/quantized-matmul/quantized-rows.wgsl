// One invocation a value of y: rows of a quantized table by id as floats, NaN where there is none. Blocks may reach across rows.
struct Params { count: u32, rows: u32, width: u32, blockSize: u32, zero: i32, nibbles: u32, hasOffset: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> codes: array<u32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read> offsets: array<f32>;
@group(0) @binding(4) var<storage, read> ids: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let to = (id.y * groups.x + id.x) * 256u + lane;
  if (to >= params.count) { return; }
  // Negative ids are large ones here.
  let token = ids[to / params.width];
  if (token >= params.rows) {
    y[to] = notANumber();
    return;
  }
  let at = token * params.width + to % params.width;
  let block = at / params.blockSize;
  var code: i32;
  if (params.nibbles != 0u) { code = i32((codes[at / 8u] >> (4u * (at % 8u))) & 15u); } else { code = bitcast<i32>(codes[at / 4u] << (24u - 8u * (at % 4u))) >> 24u; }
  var value = f32(code - params.zero) * scales[block];
  if (params.hasOffset != 0u) { value -= offsets[block]; }
  y[to] = value;
}
