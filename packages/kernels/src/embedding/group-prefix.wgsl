var<workgroup> prefixes: array<u32, 256>;

// The sum of the values of the lanes before this one among `width` lanes next to each other, a power of two. Every lane of the
// workgroup takes part.
fn groupPrefix(lane: u32, value: u32, width: u32) -> u32 {
  let own = lane & (width - 1u);
  prefixes[lane] = value;
  for (var step = 1u; step < width; step *= 2u) {
    workgroupBarrier();
    let before = select(0u, prefixes[max(lane, step) - step], own >= step);
    workgroupBarrier();
    prefixes[lane] += before;
  }
  return prefixes[lane] - value;
}
