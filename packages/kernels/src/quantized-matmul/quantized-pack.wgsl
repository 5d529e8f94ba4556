// Rows of x in signed bytes: an invocation takes a unit of values, which share a scale. `steps` hold for each stretch of STEP values that
// scale and −scale · Σ codes. Beside nibbles, which come as even and odd ones of eight, codes lie so too.
struct Params { units: u32 }
override UNIT: u32;
override STEP: u32;
override NIBBLES: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> codes: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> steps: array<vec2f>;

fn packed(code: vec4i) -> u32 {
  let bytes = vec4u(code) & vec4u(255u);
  return bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let unit = (id.y * groups.x + id.x) * 64u + lane;
  if (unit >= params.units) { return; }
  let begin = unit * (UNIT / 4u);
  var most = vec4f();
  for (var i = 0u; i < UNIT / 4u; i++) { most = max(most, abs(x[begin + i])); }
  let largest = max(max(most.x, most.y), max(most.z, most.w));
  let scale = largest / 127.0;
  let inverse = select(0.0, 127.0 / largest, scale > 0.0);
  for (var step = 0u; step < UNIT / STEP; step++) {
    var total = vec4i();
    for (var i = 0u; i < STEP / 8u; i++) {
      let at = begin / 2u + step * (STEP / 8u) + i;
      let a = vec4i(clamp(round(x[2u * at] * inverse), vec4f(-127.0), vec4f(127.0)));
      let b = vec4i(clamp(round(x[2u * at + 1u] * inverse), vec4f(-127.0), vec4f(127.0)));
      total += a + b;
      if (NIBBLES) { codes[at] = vec2u(packed(vec4i(a.xz, b.xz)), packed(vec4i(a.yw, b.yw))); } else { codes[at] = vec2u(packed(a), packed(b)); }
    }
    steps[unit * (UNIT / STEP) + step] = vec2f(scale, -scale * f32(total.x + total.y + total.z + total.w));
  }
}
