// A workgroup over rows: `params.lanes` lanes next to each other, a power of two, share a row, so that a workgroup works on
// GROUP / lanes rows. It is no override constant, since each value of one is a pipeline to compile.
const GROUP = 256u;

struct Place { row: u32, own: u32 }

// The row of a lane, and its number among the row's lanes.
fn placeOf(id: vec3u, groups: vec3u, lane: u32) -> Place {
  let group = id.y * groups.x + id.x;
  return Place((group * GROUP + lane) >> countTrailingZeros(params.lanes), lane & (params.lanes - 1u));
}

var<workgroup> rowValues: array<vec2f, GROUP>;

// The sums of two numbers over the lanes of a row, by a tree in which each adds four: the same bits in all of them. Every lane
// of the workgroup takes part.
fn rowSum2(lane: u32, value: vec2f) -> vec2f {
  let own = lane & (params.lanes - 1u);
  rowValues[lane] = value;
  for (var width = params.lanes; width > 1u; width /= 4u) {
    let part = max(width / 4u, 1u);
    workgroupBarrier();
    if (own < part) {
      var sum = rowValues[lane] + rowValues[lane + part];
      if (width > 2u) { sum += rowValues[lane + 2u * part] + rowValues[lane + 3u * part]; }
      rowValues[lane] = sum;
    }
  }
  workgroupBarrier();
  let sum = rowValues[lane - own];
  workgroupBarrier();
  return sum;
}

fn rowSum(lane: u32, value: f32) -> f32 { return rowSum2(lane, vec2f(value, 0.0)).x; }

// The largest number of the lanes of a row.
fn rowMost(lane: u32, value: f32) -> f32 {
  let own = lane & (params.lanes - 1u);
  rowValues[lane].x = value;
  for (var width = params.lanes; width > 1u; width /= 4u) {
    let part = max(width / 4u, 1u);
    workgroupBarrier();
    if (own < part) {
      var most = max(rowValues[lane].x, rowValues[lane + part].x);
      if (width > 2u) { most = max(most, max(rowValues[lane + 2u * part].x, rowValues[lane + 3u * part].x)); }
      rowValues[lane].x = most;
    }
  }
  workgroupBarrier();
  let most = rowValues[lane - own].x;
  workgroupBarrier();
  return most;
}
