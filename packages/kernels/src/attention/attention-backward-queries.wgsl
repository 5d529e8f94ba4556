// dq = scale Σ_j ds_ij k_j: a workgroup owns a block of rows of queries and streams past the keys that some of them see. With
// p = exp(score − lse) and dp = dout · v, ds = p (dp − dout · o), times the slope of a soft cap.
@group(0) @binding(7) var<storage, read_write> dq: array<f32>;

var<workgroup> seen: array<vec4i, OWNED>;
var<workgroup> known: array<vec2f, OWNED>;

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
  if (lane < OWNED) {
    seen[lane] = seenBy(place, first + lane);
    if (first + lane < params.rows) { known[lane] = noteOf(lseRow(place, first + lane)); }
  }
  workgroupBarrier();
  let reach = reachOf(place, first, min(first + OWNED, params.rows) - 1u);
  var range = vec4i(reach.xy, 0, 0);
  if (params.hasSegments != 0u) {
    var ids = noIds();
    for (var r = 0u; r < OWNED; r++) {
      if (seen[r].y > seen[r].x) { ids = withId(ids, seen[r].z); }
    }
    range = keysOfIds(place, range.xy, ids, lane);
  }

  var sums = Sums();
  for (var k0 = range.x; k0 < range.y; k0 = nextKeys(k0, range)) {
    var scores = Scores();
    var ds = Scores();
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
    for (var c = 0u; c < vectors; c += 4u) {
      workgroupBarrier();
      for (var n = lane; n < 4u * OWNED; n += LANES) {
        let at = c + n % 4u;
        var value = vec4f();
        if (first + n / 4u < params.rows && at < vectors) { value = loadDout(u32(seen[n / 4u].w), at); }
        tile[ownedSlot(n)] = value;
      }
      for (var n = lane; n < 4u * STREAMED; n += LANES) {
        let at = c + n % 4u;
        let key = k0 + i32(n / 4u);
        var value = vec4f();
        if (key < range.y && at < vectors) { value = loadV(keyRow(place, u32(key)), at); }
        tile[streamedSlot(n)] = value;
      }
      workgroupBarrier();
      addDots(&ds, x, y);
    }

    let key = vec4i(k0 + 4 * i32(x)) + vec4i(0, 1, 2, 3);
    let keyAt = vec4u(min(key, vec4i(i32(params.keys) - 1)));
    var keyId = vec4i();
    if (params.hasSegments != 0u) {
      let at = vec4u(place.batch * params.keys) + keyAt;
      keyId = vec4i(segmentAt(at.x), segmentAt(at.y), segmentAt(at.z), segmentAt(at.w));
    }
    for (var r = 0u; r < ROWS; r++) {
      let row = seen[y + Y * r];
      var slope = vec4f(1.0);
      if (params.cap > 0.0) {
        scores[r] = softCapped(scores[r], params.cap);
        slope = softCapSlope(scores[r], params.cap);
      }
      if (params.hasBias != 0u && first + y + Y * r < params.rows) {
        let at = vec4u(biasRow(place, first + y + Y * r) * params.keys) + keyAt;
        scores[r] += LOG2E * vec4f(bias[at.x], bias[at.y], bias[at.z], bias[at.w]);
      }
      let shown = visible(key, vec4i(row.x), vec4i(min(row.y, range.y)), keyId, vec4i(row.z));
      let p = exp2(scores[r] - known[y + Y * r].x);
      ds[r] = select(vec4f(), p * (ds[r] - known[y + Y * r].y) * slope, shown);
    }

    for (var start = 0u; start < STREAMED && k0 + i32(start) < range.y; start += VALUES) {
      workgroupBarrier();
      if (start % 16u == 0u) { putWeights(&ds, start / 16u, x, y); }
      for (var n = y; n < VALUES; n += Y) {
        let key = k0 + i32(start + n);
        for (var c = x; c < vectors; c += X) {
          var value = vec4f();
          if (key < range.y) { value = loadK(keyRow(place, u32(key)), c); }
          tile[SIDE + n * vectors + c] = value;
        }
      }
      workgroupBarrier();
      addProducts(&sums, (start % 16u) / 4u, x, y);
    }
  }

  for (var r = 0u; r < ROWS; r++) {
    let row = first + y + Y * r;
    if (row >= params.rows) { break; }
    let to = queryRow(place, row) * params.width;
    for (var c = 0u; c < COLS; c++) {
      for (var e = 0u; e < 4u; e++) {
        let column = 4u * (x + X * c) + e;
        if (column < params.width) { dq[to + column] = params.scale * sums[r * COLS + c][e]; }
      }
    }
  }
}
