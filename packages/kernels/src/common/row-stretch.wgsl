// A workgroup over a stretch of `params.grain` rows, for sums over rows: it works on as many rows at once as row-group.wgsl says,
// and on a block of columns of which each lane keeps KEPT words. Wider rows are several blocks.
const KEPT = 4u;

// Words [first, last) are those of the block, and rows [begin, end) those of the stretch.
struct Stretch { first: u32, last: u32, begin: u32, end: u32 }

fn stretchOf(id: vec3u) -> Stretch {
  let first = id.y * KEPT * params.lanes;
  let begin = id.x * params.grain;
  return Stretch(first, min(first + KEPT * params.lanes, params.words), begin, min(begin + params.grain, params.rows));
}

var<workgroup> staged: array<Word, GROUP>;

// What the lanes of the rows worked on at once have kept, added up in the lanes of the first of these rows. Every lane takes part.
fn sumTogether(lane: u32, value: Word) -> Word {
  var sum = value;
  if (params.lanes == GROUP) { return sum; }
  workgroupBarrier();
  staged[lane] = value;
  workgroupBarrier();
  if (lane < params.lanes) {
    for (var other = lane + params.lanes; other < GROUP; other += params.lanes) { sum += staged[other]; }
  }
  return sum;
}
