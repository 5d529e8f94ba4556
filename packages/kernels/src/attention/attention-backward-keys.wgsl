// dv_j = Σ_i p_ij dout_i and dk_j = scale Σ_i ds_ij q_i: a workgroup owns a block of keys of one key head and streams past the rows
// of queries of all its heads that see some of them. With p = exp(score − lse) and dp = dout · v, ds = p (dp − dout · o), times
// the slope of a soft cap.
// Where there are few blocks, several workgroups share the rows of one, and each gives sums of its own.
@group(0) @binding(7) var<storage, read_write> dk: array<f32>;
@group(0) @binding(8) var<storage, read_write> dv: array<f32>;

var<workgroup> seen: array<vec4i, STREAMED>;
var<workgroup> known: array<vec2f, STREAMED>;

// The rows in [x, y) at positions that see some key of [begin, end), apart from segments.
fn rowsThatSee(place: Place, begin: i32, end: i32, lane: u32) -> vec2u {
  // Positions from here on are those of the queries.
  var span = vec2i(place.shift, place.shift + i32(params.queries));
  if (begin >= place.open) { span.x = max(span.x, begin); }
  if (params.window > 0) { span.y = min(span.y, end - 1 + params.window); }
  if (params.hasSegments != 0u) {
    span = vec2i(max(span.x, 0), min(span.y, i32(params.keys)));
    var ids = noIds();
    for (var j = begin; j < end; j++) { ids = withId(ids, segmentAt(place.batch * params.keys + u32(j))); }
    let spans = spansOfIds(place, span, ids.own, ids.own, true, lane);
    span = vec2i(min(spans.x, spans.z), max(spans.y, spans.w));
  }
  if (begin >= end || span.x >= span.y) { return vec2u(); }
  return vec2u(span - place.shift) * params.group;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let number = id.y * groups.x + id.x;
  if (number >= params.groups) { return; }
  // The first keys are seen by the most rows under a causal mask, so they start first.
  let first = (number / params.pairs) * OWNED;
  let place = placeOf(number % params.pairs);
  let x = lane % X;
  let y = lane / X;
  let vectors = (params.width + 3u) / 4u;
  let end = min(i32(first + OWNED), place.length);
  let all = rowsThatSee(place, i32(first), end, lane);
  let share = (all.y - all.x + params.shares * STREAMED - 1u) / (params.shares * STREAMED) * STREAMED;
  let range = min(all.x + vec2u(id.z, id.z + 1u) * share, all.yy);

  var dkSums = Sums();
  var dvSums = Sums();
  for (var r0 = range.x; r0 < range.y; r0 += STREAMED) {
    workgroupBarrier();
    if (lane < STREAMED) {
      seen[lane] = vec4i();
      known[lane] = vec2f();
      if (r0 + lane < range.y) {
        seen[lane] = seenBy(place, r0 + lane);
        known[lane] = noteOf(lseRow(place, r0 + lane));
      }
    }
    var p = Scores();
    var ds = Scores();
    for (var c = 0u; c < vectors; c += 4u) {
      workgroupBarrier();
      for (var n = lane; n < 4u * OWNED; n += LANES) {
        let at = c + n % 4u;
        let key = i32(first + n / 4u);
        var value = vec4f();
        if (key < end && at < vectors) { value = loadK(keyRow(place, u32(key)), at); }
        tile[ownedSlot(n)] = value;
      }
      for (var n = lane; n < 4u * STREAMED; n += LANES) {
        let at = c + n % 4u;
        var value = vec4f();
        if (r0 + n / 4u < range.y && at < vectors) { value = loadQ(u32(seen[n / 4u].w), at) * params.factor; }
        tile[streamedSlot(n)] = value;
      }
      workgroupBarrier();
      addDots(&p, x, y);
    }
    for (var c = 0u; c < vectors; c += 4u) {
      workgroupBarrier();
      for (var n = lane; n < 4u * OWNED; n += LANES) {
        let at = c + n % 4u;
        let key = i32(first + n / 4u);
        var value = vec4f();
        if (key < end && at < vectors) { value = loadV(keyRow(place, u32(key)), at); }
        tile[ownedSlot(n)] = value;
      }
      for (var n = lane; n < 4u * STREAMED; n += LANES) {
        let at = c + n % 4u;
        var value = vec4f();
        if (r0 + n / 4u < range.y && at < vectors) { value = loadDout(u32(seen[n / 4u].w), at); }
        tile[streamedSlot(n)] = value;
      }
      workgroupBarrier();
      addDots(&ds, x, y);
    }

    let s0 = seen[4u * x];
    let s1 = seen[4u * x + 1u];
    let s2 = seen[4u * x + 2u];
    let s3 = seen[4u * x + 3u];
    let low = vec4i(s0.x, s1.x, s2.x, s3.x);
    let high = vec4i(s0.y, s1.y, s2.y, s3.y);
    let rowId = vec4i(s0.z, s1.z, s2.z, s3.z);
    let logs = vec4f(known[4u * x].x, known[4u * x + 1u].x, known[4u * x + 2u].x, known[4u * x + 3u].x);
    let own = vec4f(known[4u * x].y, known[4u * x + 1u].y, known[4u * x + 2u].y, known[4u * x + 3u].y);
    var biasAt = vec4u();
    if (params.hasBias != 0u) {
      let row = min(vec4u(r0 + 4u * x) + vec4u(0u, 1u, 2u, 3u), vec4u(params.rows - 1u));
      biasAt = params.keys * vec4u(biasRow(place, row.x), biasRow(place, row.y), biasRow(place, row.z), biasRow(place, row.w));
    }
    for (var r = 0u; r < ROWS; r++) {
      let key = first + y + Y * r;
      let keyAt = min(key, params.keys - 1u);
      var score = p[r];
      var slope = vec4f(1.0);
      if (params.cap > 0.0) {
        score = softCapped(score, params.cap);
        slope = softCapSlope(score, params.cap);
      }
      if (params.hasBias != 0u) { score += LOG2E * vec4f(bias[biasAt.x + keyAt], bias[biasAt.y + keyAt], bias[biasAt.z + keyAt], bias[biasAt.w + keyAt]); }
      var keyId = 0;
      if (params.hasSegments != 0u) { keyId = segmentAt(place.batch * params.keys + keyAt); }
      let shown = visible(vec4i(i32(key)), low, min(high, vec4i(end)), vec4i(keyId), rowId);
      p[r] = select(vec4f(), exp2(score - logs), shown);
      ds[r] = select(vec4f(), p[r] * (ds[r] - own) * slope, shown);
    }

    for (var start = 0u; start < STREAMED && r0 + start < range.y; start += VALUES) {
      workgroupBarrier();
      if (start % 16u == 0u) { putWeights(&p, start / 16u, x, y); }
      for (var n = y; n < VALUES; n += Y) {
        let row = start + n;
        for (var c = x; c < vectors; c += X) {
          var value = vec4f();
          if (r0 + row < range.y) { value = loadDout(u32(seen[row].w), c); }
          tile[SIDE + n * vectors + c] = value;
        }
      }
      workgroupBarrier();
      addProducts(&dvSums, (start % 16u) / 4u, x, y);
    }
    for (var start = 0u; start < STREAMED && r0 + start < range.y; start += VALUES) {
      workgroupBarrier();
      if (start % 16u == 0u) { putWeights(&ds, start / 16u, x, y); }
      for (var n = y; n < VALUES; n += Y) {
        let row = start + n;
        for (var c = x; c < vectors; c += X) {
          var value = vec4f();
          if (r0 + row < range.y) { value = loadQ(u32(seen[row].w), c); }
          tile[SIDE + n * vectors + c] = value;
        }
      }
      workgroupBarrier();
      addProducts(&dkSums, (start % 16u) / 4u, x, y);
    }
  }

  for (var r = 0u; r < ROWS; r++) {
    let key = first + y + Y * r;
    if (key >= params.keys) { break; }
    let to = (id.z * params.outRows + keyRow(place, key)) * params.width;
    for (var c = 0u; c < COLS; c++) {
      for (var e = 0u; e < 4u; e++) {
        let column = 4u * (x + X * c) + e;
        if (column < params.width) {
          dk[to + column] = params.scale * dkSums[r * COLS + c][e];
          dv[to + column] = dvSums[r * COLS + c][e];
        }
      }
    }
  }
}
