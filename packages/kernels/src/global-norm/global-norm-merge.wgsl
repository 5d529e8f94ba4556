// One workgroup: the norm from the rows of global-norm-partials.wgsl, added in a fixed order. It is a finite number where all were
// finite, and infinity or NaN, whatever was among the numbers, where not.
struct Params { rows: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> norm: array<u32>;

const GROUP = 256u;
var<workgroup> sums: array<vec3f, GROUP>;
var<workgroup> worst: atomic<u32>;

// √(a² + b²) by a ratio: squares of these would overflow or vanish, and a compiler may join the factors that keep them from it.
fn hypotenuse(a: f32, b: f32) -> f32 {
  let high = max(a, b);
  let low = min(a, b);
  if (low == 0.0) { return high; }
  let ratio = low / high;
  return high * sqrt(fma(ratio, ratio, 1.0));
}

fn rootOf(small: f32, plain: f32, large: f32) -> f32 {
  // At most the largest float.
  let largeRoot = min(sqrt(large), 0x1.fffffep43f) * 0x1p84f;
  return hypotenuse(largeRoot, hypotenuse(sqrt(plain), sqrt(small) * 0x1p-80f));
}

@compute @workgroup_size(GROUP)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = vec3f(0.0);
  var broken = 0u;
  for (var r = lane; r < params.rows; r += GROUP) {
    let row = partials[r];
    sum += bitcast<vec3f>(row.xyz);
    broken = max(broken, row.w);
  }
  sums[lane] = sum;
  if (broken > 0u) { atomicMax(&worst, broken); }
  for (var half = GROUP / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  if (lane == 0u) {
    let bits = atomicLoad(&worst);
    let result = bitcast<u32>(rootOf(sums[0].x, sums[0].y, sums[0].z));
    norm[0] = select(result, bits, bits > 0u);
  }
}
