// One workgroup a block of 16,384 numbers: Σ x² in three sums, of small numbers scaled up, of large ones scaled down and of the
// others, so that no square overflows or vanishes. The block's row of `partials` holds the three sums, and in the fourth word the
// largest bits, without sign, among numbers that are not finite: 0 where there are none.
struct Params { count: u32, blocks: u32, first: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partials: array<vec4u>;

const GROUP = 256u;
const BLOCK = 16384u;
// Bits of 2⁻⁶³, 2⁴⁰ and infinity; magnitudes are in the order of their bits.
const SMALL = vec4u(0x20000000u);
const LARGE = vec4u(0x53800000u);
const INFINITE = vec4u(0x7f800000u);
var<workgroup> sums: array<vec3f, GROUP>;
var<workgroup> worst: atomic<u32>;

fn total(values: vec4f) -> f32 { return (values.x + values.y) + (values.z + values.w); }

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = id.y * groups.x + id.x;
  if (block >= params.blocks) { return; }
  let end = min((block + 1u) * BLOCK, params.count);
  var small = vec4f(0.0);
  var plain = vec4f(0.0);
  var large = vec4f(0.0);
  var broken = vec4u(0u);
  for (var i = block * BLOCK + 4u * lane; i < end; i += 4u * GROUP) {
    let inside = vec4u(i) + vec4u(0u, 1u, 2u, 3u) < vec4u(end);
    let bits = select(vec4u(0u), bitcast<vec4u>(x[i / 4u]) & vec4u(0x7fffffffu), inside);
    let isSmall = bits < SMALL;
    let isLarge = bits >= LARGE;
    let scaled = bitcast<vec4f>(bits) * select(select(vec4f(1.0), vec4f(0x1p80f), isSmall), vec4f(0x1p-84f), isLarge);
    let square = scaled * scaled;
    small += select(vec4f(0.0), square, isSmall);
    plain += select(square, vec4f(0.0), isSmall | isLarge);
    large += select(vec4f(0.0), square, isLarge);
    broken = max(broken, select(vec4u(0u), bits, bits >= INFINITE));
  }
  sums[lane] = vec3f(total(small), total(plain), total(large));
  let largest = max(max(broken.x, broken.y), max(broken.z, broken.w));
  if (largest > 0u) { atomicMax(&worst, largest); }
  for (var half = GROUP / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  if (lane == 0u) { partials[params.first + block] = vec4u(bitcast<vec3u>(sums[0]), atomicLoad(&worst)); }
}
