// The forward pass: a workgroup owns a block of rows of queries and streams past the keys that some of them see, in tiles.
// Scores are in units of log₂. Several stretches of keys give an output and lse each, which attention-merge puts together.
@group(0) @binding(8) var<storage, read_write> o: array<f32>;
@group(0) @binding(9) var<storage, read_write> lse: array<f32>;

var<workgroup> seen: array<vec4i, OWNED>;
// Of owned row y + Y·r at ROWS·y + r: its maximum and what its sums are to be multiplied by.
var<workgroup> maxima: array<vec2f, OWNED>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let number = id.y * groups.x + id.x;
  if (number >= params.groups) { return; }
  // The last rows see the most keys under a causal mask, so they start first.
  let first = (params.blocks - 1u - number / params.pairs) * OWNED;
  let place = placeOf(number % params.pairs);
  let x = lane % X;
  let y = lane / X;
  let vectors = (params.width + 3u) / 4u;
  if (lane < OWNED) { seen[lane] = seenBy(place, first + lane); }
  workgroupBarrier();
  let reach = reachOf(place, first, min(first + OWNED, params.rows) - 1u);
  var range = vec4i(max(reach.x, i32(id.z * params.stretch)), min(reach.y, i32((id.z + 1u) * params.stretch)), 0, 0);
  if (params.hasSegments != 0u) {
    var ids = noIds();
    for (var r = 0u; r < OWNED; r++) {
      if (seen[r].y > seen[r].x) { ids = withId(ids, seen[r].z); }
    }
    range = keysOfIds(place, range.xy, ids, lane);
  }

  var sums = Sums();
  var totals = array<f32, 8>();
  var most = LEAST;
  for (var k0 = range.x; k0 < range.y; k0 = nextKeys(k0, range)) {
    var scores = Scores();
    for (var c = 0u; c < vectors; c += 4u) {
      workgroupBarrier();
      for (var n = lane; n < 4u * OWNED; n += LANES) {
        let at = c + n % 4u;
        var value = vec4f();
        if (first + n / 4u < params.rows && at < vectors) { value = loadQ(u32(seen[n / 4u].w), at) * params.factor; }
        tile[ownedSlot(n)] = value;
      }
      for (var n = lane; n < 4u * STREAMED; n += LANES) {
        let at = c + n % 4u;
        let key = k0 + i32(n / 4u);
        var value = vec4f();
        if (key < range.y && at < vectors) { value = loadK(keyRow(place, u32(key)), at); }
        tile[streamedSlot(n)] = value;
      }
      workgroupBarrier();
      addDots(&scores, x, y);
    }

    let key = vec4i(k0 + 4 * i32(x)) + vec4i(0, 1, 2, 3);
    if (params.cap > 0.0) {
      for (var r = 0u; r < ROWS; r++) { scores[r] = softCapped(scores[r], params.cap); }
    }
    if (params.hasBias != 0u) {
      for (var r = 0u; r < ROWS; r++) {
        let row = first + y + Y * r;
        if (row >= params.rows) { continue; }
        let at = vec4u(biasRow(place, row) * params.keys) + vec4u(min(key, vec4i(i32(params.keys) - 1)));
        scores[r] += LOG2E * vec4f(bias[at.x], bias[at.y], bias[at.z], bias[at.w]);
      }
    }
    if (params.hasSegments != 0u || k0 < reach.z || k0 + i32(STREAMED) > min(reach.w, range.y)) {
      var keyId = vec4i();
      if (params.hasSegments != 0u) {
        let at = vec4u(place.batch * params.keys) + vec4u(min(key, vec4i(i32(params.keys) - 1)));
        keyId = vec4i(segmentAt(at.x), segmentAt(at.y), segmentAt(at.z), segmentAt(at.w));
      }
      for (var r = 0u; r < ROWS; r++) {
        let row = seen[y + Y * r];
        scores[r] = select(vec4f(HIDDEN), scores[r], visible(key, vec4i(row.x), vec4i(min(row.y, range.y)), keyId, vec4i(row.z)));
      }
    }

    // The maximum of each row: of its four keys by each lane, then of the X lanes by one.
    workgroupBarrier();
    for (var r = 0u; r < ROWS; r += 4u) {
      let own = transpose(mat4x4f(scores[r], scores[r + 1u], scores[r + 2u], scores[r + 3u]));
      tile[lane * (ROWS / 4u) + r / 4u] = max(max(own[0], own[1]), max(own[2], own[3]));
    }
    workgroupBarrier();
    if (lane < OWNED) {
      let above = lane / ROWS;
      let r = lane % ROWS;
      let before = most;
      // Each group of lanes starts elsewhere, so that they meet no bank at once.
      for (var i = 0u; i < X; i++) { most = max(most, tile[(above * X + (i + above) % X) * (ROWS / 4u) + r / 4u][r % 4u]); }
      maxima[lane] = vec2f(most, exp2(before - most));
    }
    workgroupBarrier();
    for (var r = 0u; r < ROWS; r++) {
      let now = maxima[ROWS * y + r];
      scores[r] = exp2(scores[r] - now.x);
      totals[r] = fma(totals[r], now.y, (scores[r].x + scores[r].y) + (scores[r].z + scores[r].w));
      for (var c = 0u; c < COLS; c++) { sums[r * COLS + c] *= now.y; }
    }

    for (var start = 0u; start < STREAMED && k0 + i32(start) < range.y; start += VALUES) {
      workgroupBarrier();
      if (start % 16u == 0u) { putWeights(&scores, start / 16u, x, y); }
      for (var n = y; n < VALUES; n += Y) {
        let row = k0 + i32(start + n);
        for (var c = x; c < vectors; c += X) {
          var value = vec4f();
          if (row < range.y) { value = loadV(keyRow(place, u32(row)), c); }
          tile[SIDE + n * vectors + c] = value;
        }
      }
      workgroupBarrier();
      addProducts(&sums, (start % 16u) / 4u, x, y);
    }
  }

  // The total of each row over its X lanes, always in the same order.
  workgroupBarrier();
  for (var r = 0u; r < ROWS; r += 4u) {
    tile[lane * (ROWS / 4u) + r / 4u] = vec4f(totals[r], totals[r + 1u], totals[r + 2u], totals[r + 3u]);
  }
  workgroupBarrier();
  if (lane < OWNED) {
    let above = lane / ROWS;
    let r = lane % ROWS;
    var total = 0.0;
    for (var i = 0u; i < X; i++) { total += tile[(above * X + i) * (ROWS / 4u) + r / 4u][r % 4u]; }
    maxima[lane].y = select(1.0 / total, 0.0, total == 0.0);
    let row = first + above + Y * r;
    if (row < params.rows) {
      lse[id.z * params.outRows + lseRow(place, row)] = select((most + log2(total)) * LN2, params.nothing, total == 0.0);
    }
  }
  workgroupBarrier();
  for (var r = 0u; r < ROWS; r++) {
    let row = first + y + Y * r;
    if (row >= params.rows) { break; }
    let to = (id.z * params.outRows + queryRow(place, row)) * params.width;
    for (var c = 0u; c < COLS; c++) {
      let value = sums[r * COLS + c] * maxima[ROWS * y + r].y;
      for (var e = 0u; e < 4u; e++) {
        let column = 4u * (x + X * c) + e;
        if (column < params.width) { o[to + column] = value[e]; }
      }
    }
  }
}
