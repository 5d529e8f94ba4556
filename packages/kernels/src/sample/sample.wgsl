// A workgroup a row: one pass for the likeliest token and the logarithm of the sum, then the token that is drawn. Top-k, top-p and
// min-p leave the first tokens of the order from the likeliest down, equals by id, so nothing is sorted as a whole: a search goes down
// the digits of a token's place in that order to where a count or a sum of powers passes its target. As soon as all tokens up to there
// fit the room, they are listed and the rest is done with the list.
// It goes behind sample-tokens.wgsl.
fn goalOf(kind: u32, total: f32) -> f32 {
  switch kind {
    case COUNT: { return f32(params.topK) - 0.5; }
    // Sums that pass the number below reach this one.
    case MODEL: { return below(params.topP * total); }
    default: { return uniformDraw * total; }
  }
}

// Adds up what is left in a bracket by its next digit, and finds the digit at which the goal is passed.
fn descend(lane: u32, kind: u32, part: u32, shift: u32, mask: vec3u, value: vec3u, sumBefore: f32, given: f32) -> Level {
  workgroupBarrier();
  for (var b = 0u; b < BINS; b++) { room[b * LANES + lane] = 0u; }
  if (lane == 0u) {
    atomicStore(&inside, 0u);
    atomicStore(&through, 0u);
  }
  workgroupBarrier();
  var within = 0u;
  var upTo = 0u;
  let last = min(params.vocab - 1u, value.z | ~mask.z);
  let end = value.x | ~mask.x;
  for (var i = value.z + lane; i <= last; i += 8u * LANES) {
    let near = four(i, last);
    let far = four(i + 4u * LANES, last);
    for (var e = 0u; e < 8u; e++) {
      let id = i + e * LANES;
      if (id > last) { break; }
      let bits = select(far[e & 3u], near[e & 3u], e < 4u);
      let place = placeOf(bits, id);
      if (!isLeft(place)) { continue; }
      upTo += u32(place.x <= end);
      if (any((place & mask) != value)) { continue; }
      within++;
      let at = ((place[part] >> shift) % BINS) * LANES + lane;
      room[at] = bitcast<u32>(bitcast<f32>(room[at]) + weightOf(kind, bits));
    }
  }
  atomicAdd(&inside, within);
  atomicAdd(&through, upTo);
  workgroupBarrier();
  // 32 lanes a bin.
  var sum = 0.0;
  for (var j = 0u; j < LANES; j += 32u) { sum += bitcast<f32>(room[lane / 32u * LANES + j + lane % 32u]); }
  room[SUMS + lane] = bitcast<u32>(sum);
  workgroupBarrier();
  if (lane < BINS) {
    sum = 0.0;
    for (var j = 0u; j < 32u; j++) { sum += bitcast<f32>(room[SUMS + 32u * lane + j]); }
    room[SUMS + LANES + lane] = bitcast<u32>(sum);
  }
  workgroupBarrier();
  if (lane == 0u) {
    var all = sumBefore;
    for (var b = 0u; b < BINS; b++) { all += bitcast<f32>(room[SUMS + LANES + b]); }
    var now = Level(0u, atomicLoad(&inside), atomicLoad(&through), sumBefore, sumBefore, given);
    if (given < 0.0) { now.goal = goalOf(kind, all); }
    // Whatever rounding did to the goal, something passes it.
    let goal = min(now.goal, below(all));
    for (var b = 0u; b < BINS; b++) {
      now.digit = b;
      now.before = now.after;
      now.after += bitcast<f32>(room[SUMS + LANES + b]);
      if (now.after > goal) { break; }
    }
    level = now;
  }
  return workgroupUniformLoad(&level);
}

// Lists what is left up to the end of a bracket, or in it alone, in order.
fn list(lane: u32, mask: vec3u, value: vec3u, whole: bool) -> u32 {
  workgroupBarrier();
  if (lane == 0u) { atomicStore(&listed, 0u); }
  workgroupBarrier();
  let last = min(params.vocab - 1u, value.z | ~mask.z);
  let end = value.x | ~mask.x;
  for (var i = value.z + lane; i <= last; i += 8u * LANES) {
    let near = four(i, last);
    let far = four(i + 4u * LANES, last);
    for (var e = 0u; e < 8u; e++) {
      let id = i + e * LANES;
      if (id > last) { break; }
      let place = placeOf(select(far[e & 3u], near[e & 3u], e < 4u), id);
      if (!isLeft(place) || select(any((place & mask) != value), place.x > end, whole)) { continue; }
      let at = atomicAdd(&listed, 1u);
      if (at < MOST) {
        room[at] = place.y;
        room[IDS + at] = id;
      }
    }
  }
  workgroupBarrier();
  if (lane == 0u) { answer = min(atomicLoad(&listed), MOST); }
  let count = workgroupUniformLoad(&answer);
  // Bitonic, over the next power of two.
  let size = 1u << (32u - countLeadingZeros(max(count, 1u) - 1u));
  for (var i = count + lane; i < size; i += LANES) {
    room[i] = ALL;
    room[IDS + i] = ALL;
  }
  for (var run = 2u; run <= size; run *= 2u) {
    for (var apart = run / 2u; apart > 0u; apart /= 2u) {
      workgroupBarrier();
      for (var pair = lane; pair < size / 2u; pair += LANES) {
        let one = 2u * pair - pair % apart;
        let two = one + apart;
        let swapped = better(room[two], room[IDS + two], room[one], room[IDS + one]);
        if (swapped == ((one & run) == 0u)) {
          let order = room[one];
          let id = room[IDS + one];
          room[one] = room[two];
          room[IDS + one] = room[IDS + two];
          room[two] = order;
          room[IDS + two] = id;
        }
      }
    }
  }
  workgroupBarrier();
  return count;
}

// Looks for the token at which the sum of what is left passes the goal: digit by digit of its step, then of its order, then of its id.
fn search(lane: u32, kind: u32) -> Found {
  // Which bits are known: from the start, that none is above the first digit.
  var mask = vec3u(~LAST_STEP, 0u, ALL << params.idBits);
  var value = vec3u();
  var sum = 0.0;
  var goal = -1.0;
  var part = select(2u, 0u, params.ordered != 0u);
  var shift = select(params.idBits, STEP_BITS, params.ordered != 0u);
  var whole = false;
  loop {
    if (shift == 0u) {
      part++;
      shift = select(params.idBits, 33u, part == 1u);
    }
    shift -= DIGIT;
    let now = descend(lane, kind, part, shift, mask, value, sum, goal);
    goal = now.goal;
    whole = part == 0u && now.through <= MOST;
    if (whole || now.inside <= MOST) { break; }
    mask[part] |= (BINS - 1u) << shift;
    value[part] |= now.digit << shift;
    sum = now.before;
    whole = part == 0u && kind == COUNT && now.after <= f32(MOST);
    if (whole) { break; }
  }
  return Found(whole, list(lane, mask, value, whole), select(sum, 0.0, whole), goal);
}

fn listedWeight(kind: u32, i: u32, kept: u32) -> f32 {
  if (i >= kept) { return 0.0; }
  return weightOf(kind, logits[start + room[IDS + i]]);
}

// Where in the list the sum passes the goal; a goal below 0 is made from the list's own sum.
fn cross(lane: u32, kind: u32, found: Found) -> u32 {
  workgroupBarrier();
  if (lane == 0u) { atomicStore(&crossing, LANES - 1u); }
  var sum = 0.0;
  for (var e = 0u; e < 4u; e++) { sum += listedWeight(kind, 4u * lane + e, found.count); }
  var here = SUMS;
  var there = SUMS + LANES;
  room[here + lane] = bitcast<u32>(sum);
  for (var apart = 1u; apart < LANES; apart *= 2u) {
    workgroupBarrier();
    sum = bitcast<f32>(room[here + lane]);
    if (lane >= apart) { sum += bitcast<f32>(room[here + lane - apart]); }
    room[there + lane] = bitcast<u32>(sum);
    let other = here;
    here = there;
    there = other;
  }
  workgroupBarrier();
  let total = bitcast<f32>(room[here + LANES - 1u]);
  let goal = min(select(found.goal, goalOf(kind, total), found.goal < 0.0), below(found.before + total));
  if (found.before + sum > goal) { atomicMin(&crossing, lane); }
  workgroupBarrier();
  if (atomicLoad(&crossing) == lane) {
    var all = found.before;
    if (lane > 0u) { all += bitcast<f32>(room[here + lane - 1u]); }
    var at = 4u * lane;
    for (var e = 0u; e < 4u; e++) {
      let weight = listedWeight(kind, 4u * lane + e, found.count);
      if (weight > 0.0) { at = 4u * lane + e; }
      all += weight;
      if (all > goal) { break; }
    }
    answer = at;
  }
  return workgroupUniformLoad(&answer);
}

// The id that top-k, top-p, min-p, temperature and the draw give.
fn sampled(lane: u32) -> u32 {
  var id = 0u;
  // What is left: all up to `cut`, or the first so many of the list when that begins with the likeliest.
  cut = vec2u(ALL);
  var whole = false;
  var kept = 0u;
  for (var kind = COUNT; kind <= DRAWN; kind++) {
    if ((kind == COUNT && params.topK >= params.vocab) || (kind == MODEL && params.topP >= 1.0)) { continue; }
    var found = Found(true, kept, 0.0, -1.0);
    if (!whole) { found = search(lane, kind); }
    whole = found.whole;
    let at = cross(lane, kind, found);
    kept = at + 1u;
    id = room[IDS + at];
    if (!whole) { cut = vec2u(room[at], id); }
  }
  return id;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= params.rows) { return; }
  start = row * params.vocab;
  let first = survey(lane);
  if (first.bad != 0u) {
    if (lane == 0u) {
      ids[row] = -1;
      logprob[row] = 0.0;
    }
    return;
  }
  most = bitcast<f32>(logits[start + first.id]);
  uniformDraw = draws[row];
  var id = first.id;
  if (params.greedy == 0u) { id = sampled(lane); }
  if (lane == 0u) {
    ids[row] = i32(id);
    logprob[row] = bitcast<f32>(logits[start + id]) - most - log(first.sum);
  }
}
