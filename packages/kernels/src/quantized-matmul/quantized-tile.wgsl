// Many rows: a workgroup makes a tile of 64 × 64, a lane 4 × 4 of it, over two steps of bytes or one of nibbles at a time: 32 values.
const GROUP = 256u;
const SIDE = 64u;
// Two scales where bytes are in units of 16.
override HALVES: u32;

var<workgroup> xWords: array<u32, 512>;
var<workgroup> wWords: array<u32, 512>;
var<workgroup> xScales: array<vec2f, 128>;
var<workgroup> wScales: array<vec2f, 128>;

fn keep(to: u32, words: vec4u, ofX: bool) {
  if (ofX) {
    xWords[to] = words.x; xWords[to + SIDE] = words.y; xWords[to + 2u * SIDE] = words.z; xWords[to + 3u * SIDE] = words.w;
  } else {
    wWords[to] = words.x; wWords[to + SIDE] = words.y; wWords[to + 2u * SIDE] = words.z; wWords[to + 3u * SIDE] = words.w;
  }
}

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let across = (params.n + SIDE - 1u) / SIDE;
  let tile = id.y * groups.x + id.x;
  if (tile >= across * ((params.m + SIDE - 1u) / SIDE)) { return; }
  let firstRow = tile / across * SIDE;
  let firstCol = tile % across * SIDE;
  let tx = lane % 16u;
  let ty = lane / 16u;
  // A lane brings a vector of words of each operand: half a row of 32 values.
  let half = (lane / SIDE) % 2u;
  let line = lane % SIDE;
  let perPass = select(2u, 1u, NIBBLES);
  var sums = array<vec4f, 4>();
  for (var step = 0u; step < params.steps; step += perPass) {
    if (lane < 2u * SIDE) {
      let row = firstRow + line;
      let own = select(step + half, step, NIBBLES);
      var words = vec4u();
      var scale = vec2f();
      if (row < params.m && own < params.steps) {
        let at = row * params.steps + own;
        words = x[select(at, 2u * at + half, NIBBLES)];
        scale = xSteps[at];
      }
      keep(half * 4u * SIDE + line, words, true);
      xScales[half * SIDE + line] = scale;
    } else {
      let col = firstCol + line;
      let own = select(step + half, step, NIBBLES);
      var words = vec4u();
      var scale = vec2f();
      if (col < params.n && own < params.steps) {
        let found = bytesOf(w[col * params.steps + own]);
        words = select(found.first, found.second, vec4<bool>(NIBBLES && half == 1u));
        let block = col * params.blocks + own / params.perBlock;
        scale.x = scales[block];
        if (params.shifted != 0u) { scale.y = shifts[block] * params.factor; }
      }
      keep(half * 4u * SIDE + line, words, false);
      wScales[half * SIDE + line] = scale;
    }
    workgroupBarrier();
    for (var h = 0u; h < HALVES; h++) {
      var products = array<vec4i, 4>();
      for (var word = h * 4u; word < select(8u, h * 4u + 4u, HALVES == 2u); word++) {
        let a = vec4u(xWords[word * SIDE + ty], xWords[word * SIDE + ty + 16u], xWords[word * SIDE + ty + 32u], xWords[word * SIDE + ty + 48u]);
        let b = vec4u(wWords[word * SIDE + tx], wWords[word * SIDE + tx + 16u], wWords[word * SIDE + tx + 32u], wWords[word * SIDE + tx + 48u]);
        for (var i = 0u; i < 4u; i++) {
          products[i] += vec4i(dotBytes(a[i], b.x), dotBytes(a[i], b.y), dotBytes(a[i], b.z), dotBytes(a[i], b.w));
        }
      }
      let at = h * SIDE + tx;
      let scale = vec4f(wScales[at].x, wScales[at + 16u].x, wScales[at + 32u].x, wScales[at + 48u].x);
      for (var i = 0u; i < 4u; i++) { sums[i] += vec4f(products[i]) * (scale * xScales[h * SIDE + ty + 16u * i].x); }
    }
    if (params.shifted != 0u) {
      // A second step of bytes has sums of its own; nibbles have one.
      for (var h = 0u; h < perPass; h++) {
        let at = h * SIDE + tx;
        let shift = vec4f(wScales[at].y, wScales[at + 16u].y, wScales[at + 32u].y, wScales[at + 48u].y);
        for (var i = 0u; i < 4u; i++) { sums[i] += shift * xScales[h * SIDE + ty + 16u * i].y; }
      }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) { finish(firstRow + ty + 16u * i, firstCol + tx + 16u * j, sums[i][j]); }
  }
}
