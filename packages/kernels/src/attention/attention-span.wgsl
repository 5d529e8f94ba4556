// Narrowing a range of positions to those whose segment some of the other side may have.
var<workgroup> firstFound: array<atomic<i32>, 2>;
var<workgroup> lastFound: array<atomic<i32>, 2>;
var<workgroup> found: vec4i;

// The least and the largest of segments, and of the trunks of their documents.
struct Ids { own: vec2i, trunk: vec2i }

fn noIds() -> Ids { return Ids(vec2i(2147483647, -2147483647 - 1), vec2i(2147483647, -2147483647 - 1)); }
fn withId(ids: Ids, id: i32) -> Ids {
  let trunk = id & 0xffff;
  return Ids(vec2i(min(ids.own.x, id), max(ids.own.y, id)), vec2i(min(ids.trunk.x, trunk), max(ids.trunk.y, trunk)));
}

// The least ranges within `whole` that hold all positions of the row of the batch with segments in `own`, and in `trunk`: keys that
// queries with such ids see. With `ofRows` the second range is that of the queries which see keys of such segments as their trunk.
fn spansOfIds(place: Place, whole: vec2i, own: vec2i, trunk: vec2i, ofRows: bool, lane: u32) -> vec4i {
  let range = vec2i(whole.x, max(whole.x, whole.y));
  if (lane < 2u) {
    atomicStore(&firstFound[lane], range.y);
    atomicStore(&lastFound[lane], range.x);
  }
  workgroupBarrier();
  var ours = range.yxyx;
  for (var j = range.x + i32(lane); j < range.y; j += i32(LANES)) {
    let id = segmentAt(place.batch * params.keys + u32(j));
    if (id >= own.x && id <= own.y) { ours = vec4i(min(ours.x, j), max(ours.y, j + 1), ours.zw); }
    let other = select(id, id & 0xffff, ofRows);
    if (other >= trunk.x && other <= trunk.y) { ours = vec4i(ours.xy, min(ours.z, j), max(ours.w, j + 1)); }
  }
  atomicMin(&firstFound[0], ours.x);
  atomicMax(&lastFound[0], ours.y);
  atomicMin(&firstFound[1], ours.z);
  atomicMax(&lastFound[1], ours.w);
  workgroupBarrier();
  if (lane == 0u) { found = vec4i(atomicLoad(&firstFound[0]), atomicLoad(&lastFound[0]), atomicLoad(&firstFound[1]), atomicLoad(&lastFound[1])); }
  return workgroupUniformLoad(&found);
}

// The keys in [x, y) that rows of queries with such segments may see, apart from [z, w) between the trunk and what is their own.
fn keysOfIds(place: Place, whole: vec2i, ids: Ids, lane: u32) -> vec4i {
  let spans = spansOfIds(place, whole, ids.own, ids.trunk, false, lane);
  return vec4i(min(spans.x, spans.z), max(spans.y, spans.w), spans.w, spans.x);
}

// The next tile of keys after that at k0: not one that begins between the trunk and what is the rows' own.
fn nextKeys(k0: i32, range: vec4i) -> i32 {
  let next = k0 + i32(STREAMED);
  return select(next, range.w, next >= range.z && next < range.w);
}
