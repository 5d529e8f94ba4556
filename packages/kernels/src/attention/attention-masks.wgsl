// The masks of the forward pass, each port at its own binding, but for offsets and prefixes, which share one.
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> segments: array<i32>;
@group(0) @binding(6) var<storage, read> lengths: array<i32>;
@group(0) @binding(7) var<storage, read> shifts: array<i32>;

fn segmentAt(at: u32) -> i32 { return segments[at]; }
fn lengthOf(batch: u32) -> i32 { return lengths[batch]; }
fn offsetOf(batch: u32) -> i32 { return shifts[batch]; }
fn prefixOf(batch: u32) -> i32 { return shifts[params.prefixesAt + batch]; }
