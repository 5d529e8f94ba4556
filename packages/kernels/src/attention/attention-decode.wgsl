// Attention of few queries, as in generation: keys and values stream past once, read where they lie. A workgroup takes a stretch of
// at most MOST_KEYS keys for at most ROWS rows of a pair: all scores first, then their softmax, then the values. 16 lanes share a key.
override ROWS: u32;
override COLS: u32;
override TILE_KEYS: u32 = LANES / ROWS;
override MOST_KEYS: u32 = 1024u / ROWS;
@group(0) @binding(8) var<storage, read_write> o: array<f32>;
@group(0) @binding(9) var<storage, read_write> lse: array<f32>;

const ACROSS = 16u;
const ABOVE = 8u;
// Numbers to be added up over lanes: 16 for each of 128 scores, one apart so that lanes meet no bank twice.
var<workgroup> parts: array<f32, 2176>;
var<workgroup> scores: array<f32, 1024>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let number = id.y * groups.x + id.x;
  if (number >= params.groups) { return; }
  let first = (number / params.pairs) * ROWS;
  let place = placeOf(number % params.pairs);
  let x = lane % ACROSS;
  let y = lane / ACROSS;
  let vectors = (params.width + 3u) / 4u;
  let reach = reachOf(place, first, min(first + ROWS, params.rows) - 1u);
  let begin = max(reach.x, i32(id.z * params.stretch));
  let end = min(reach.y, i32((id.z + 1u) * params.stretch));

  var own = array<vec4f, 16>();
  for (var r = 0u; r < ROWS; r++) {
    for (var c = 0u; c < COLS; c++) {
      if (first + r < params.rows && x + ACROSS * c < vectors) { own[r * COLS + c] = loadQ(queryRow(place, first + r), x + ACROSS * c) * params.factor; }
    }
  }
  let scored = lane / TILE_KEYS;
  let seen = seenBy(place, first + scored);
  for (var k0 = begin; k0 < end; k0 += i32(TILE_KEYS)) {
    for (var n = y; n < TILE_KEYS; n += ABOVE) {
      var values = array<vec4f, 4>();
      for (var c = 0u; c < COLS; c++) {
        if (k0 + i32(n) < end && x + ACROSS * c < vectors) { values[c] = loadK(keyRow(place, u32(k0) + n), x + ACROSS * c); }
      }
      for (var r = 0u; r < ROWS; r++) {
        var sum = 0.0;
        for (var c = 0u; c < COLS; c++) { sum += dot(own[r * COLS + c], values[c]); }
        parts[(r * TILE_KEYS + n) * 17u + x] = sum;
      }
    }
    workgroupBarrier();
    let key = k0 + i32(lane % TILE_KEYS);
    if (key < end) {
      var sum = 0.0;
      for (var i = 0u; i < ACROSS; i++) { sum += parts[lane * 17u + i]; }
      if (params.cap > 0.0) { sum = softCapped(vec4f(sum), params.cap).x; }
      var hidden = key < seen.x || key >= seen.y;
      if (params.hasSegments != 0u) {
        let keyId = segmentAt(place.batch * params.keys + u32(key));
        hidden = hidden || (keyId != seen.z && keyId != (seen.z & 0xffff));
      }
      if (params.hasBias != 0u && !hidden) { sum = fma(LOG2E, bias[biasRow(place, first + scored) * params.keys + u32(key)], sum); }
      scores[scored * MOST_KEYS + u32(key - begin)] = select(sum, HIDDEN, hidden);
    }
    workgroupBarrier();
  }

  // 16 lanes a row: its maximum, its powers of two and their total.
  let count = u32(max(0, end - begin));
  var most = LEAST;
  if (y < ROWS) {
    for (var j = x; j < count; j += ACROSS) { most = max(most, scores[y * MOST_KEYS + j]); }
  }
  parts[lane] = most;
  workgroupBarrier();
  for (var i = 0u; i < ACROSS; i++) { most = max(most, parts[ACROSS * y + i]); }
  var share = 0.0;
  if (y < ROWS) {
    for (var j = x; j < count; j += ACROSS) {
      let power = exp2(scores[y * MOST_KEYS + j] - most);
      scores[y * MOST_KEYS + j] = power;
      share += power;
    }
  }
  parts[LANES + lane] = share;
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < ACROSS; i++) { total += parts[LANES + ACROSS * y + i]; }
  if (x == 0u && y < ROWS && first + y < params.rows) {
    lse[id.z * params.outRows + lseRow(place, first + y)] = select((most + log2(total)) * LN2, params.nothing, total == 0.0);
  }

  var sums = array<vec4f, 16>();
  for (var j = y; j < count; j += ABOVE) {
    let row = keyRow(place, u32(begin) + j);
    for (var c = 0u; c < COLS; c++) {
      if (x + ACROSS * c >= vectors) { break; }
      let value = loadV(row, x + ACROSS * c);
      for (var r = 0u; r < ROWS; r++) { sums[r * COLS + c] = fma(vec4f(scores[r * MOST_KEYS + j]), value, sums[r * COLS + c]); }
    }
  }
  // Each row's sums over the groups of 16 lanes, in their order.
  let padded = 4u * vectors;
  var factor = array<f32, 8>();
  for (var r = 0u; r < ROWS; r++) {
    var whole = 0.0;
    for (var i = 0u; i < ACROSS; i++) { whole += parts[LANES + ACROSS * r + i]; }
    factor[r] = select(1.0 / whole, 0.0, whole == 0.0);
  }
  for (var r = 0u; r < ROWS; r++) {
    workgroupBarrier();
    for (var c = 0u; c < COLS; c++) {
      let at = x + ACROSS * c;
      if (at >= vectors) { break; }
      for (var e = 0u; e < 4u; e++) { parts[y * padded + 4u * at + e] = sums[r * COLS + c][e]; }
    }
    workgroupBarrier();
    if (first + r >= params.rows) { break; }
    let to = (id.z * params.outRows + queryRow(place, first + r)) * params.width;
    for (var c = lane; c < params.width; c += LANES) {
      var sum = 0.0;
      for (var i = 0u; i < ABOVE; i++) { sum += parts[i * padded + c]; }
      o[to + c] = sum * factor[r];
    }
  }
}
