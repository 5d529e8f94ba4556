// Narrowing a range of positions to those whose segment some of the other side may have.
var<workgroup> firstFound: atomic<i32>;
var<workgroup> lastFound: atomic<i32>;
var<workgroup> found: vec2i;

// The least range within `whole` that holds all positions of the row of the batch with ids in [ids.x, ids.y].
fn spanOfIds(place: Place, whole: vec2i, ids: vec2i, lane: u32) -> vec2i {
  let range = vec2i(whole.x, max(whole.x, whole.y));
  if (lane == 0u) {
    atomicStore(&firstFound, range.y);
    atomicStore(&lastFound, range.x);
  }
  workgroupBarrier();
  var own = range.yx;
  for (var j = range.x + i32(lane); j < range.y; j += i32(LANES)) {
    let id = segmentAt(place.batch * params.keys + u32(j));
    if (id >= ids.x && id <= ids.y) { own = vec2i(min(own.x, j), max(own.y, j + 1)); }
  }
  atomicMin(&firstFound, own.x);
  atomicMax(&lastFound, own.y);
  workgroupBarrier();
  if (lane == 0u) { found = vec2i(atomicLoad(&firstFound), atomicLoad(&lastFound)); }
  return workgroupUniformLoad(&found);
}
