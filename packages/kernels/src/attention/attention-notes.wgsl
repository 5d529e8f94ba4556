// What the backward pass knows of each row, and the masks, as words of one buffer, since a program has few bindings:
// log2 of the sum and dout · o as two floats a row in the order of lse, then segments, lengths, offsets and prefixes.
@group(0) @binding(5) var<storage, read> notes: array<u32>;
@group(0) @binding(6) var<storage, read> bias: array<f32>;

fn noteOf(row: u32) -> vec2f { return bitcast<vec2f>(vec2u(notes[2u * row], notes[2u * row + 1u])); }
fn segmentAt(at: u32) -> i32 { return bitcast<i32>(notes[params.segmentsAt + at]); }
fn lengthOf(batch: u32) -> i32 { return bitcast<i32>(notes[params.lengthsAt + batch]); }
fn offsetOf(batch: u32) -> i32 { return bitcast<i32>(notes[params.offsetsAt + batch]); }
fn prefixOf(batch: u32) -> i32 { return bitcast<i32>(notes[params.prefixesAt + batch]); }
