// Few rows: 32 lanes stream past the steps of four columns, which they multiply with up to ROWS rows of x, and then add up by a tree.
override ROWS: u32;
const GROUP = 256u;
const LANES = 32u;
const SETS = 8u;

var<workgroup> parts: array<vec4f, GROUP>;

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let own = lane % LANES;
  let col = ((id.y * groups.x + id.x) * SETS + lane / LANES) * 4u;
  let firstRow = id.z * ROWS;
  var sums = array<vec4f, 8>();
  for (var step = own; step < params.steps; step += LANES) {
    let block = step / params.perBlock;
    var columns = array<Bytes, 4>();
    var scale = vec4f();
    var shift = vec4f();
    for (var j = 0u; j < 4u; j++) {
      if (col + j >= params.n) { break; }
      columns[j] = bytesOf(w[(col + j) * params.steps + step]);
      scale[j] = scales[(col + j) * params.blocks + block];
      if (params.shifted != 0u) { shift[j] = shifts[(col + j) * params.blocks + block] * params.factor; }
    }
    for (var r = 0u; r < ROWS; r++) {
      let row = firstRow + r;
      if (row >= params.m) { break; }
      let at = row * params.steps + step;
      let own = xSteps[at];
      var products = vec4i();
      if (NIBBLES) {
        let first = x[2u * at];
        let second = x[2u * at + 1u];
        for (var j = 0u; j < 4u; j++) { products[j] = dotOf(columns[j].first, first) + dotOf(columns[j].second, second); }
      } else {
        let first = x[at];
        for (var j = 0u; j < 4u; j++) { products[j] = dotOf(columns[j].first, first); }
      }
      sums[r] += vec4f(products) * (scale * own.x);
      if (params.shifted != 0u) { sums[r] += shift * own.y; }
    }
  }
  for (var r = 0u; r < ROWS; r++) {
    parts[lane] = sums[r];
    for (var width = LANES / 2u; width > 0u; width /= 2u) {
      workgroupBarrier();
      if (own < width) { parts[lane] += parts[lane + width]; }
    }
    if (own == 0u) { for (var j = 0u; j < 4u; j++) { finish(firstRow + r, col + j, parts[lane][j]); } }
    workgroupBarrier();
  }
}
