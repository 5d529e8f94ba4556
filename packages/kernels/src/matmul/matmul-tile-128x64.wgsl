// 256 lanes hold 8 × 4 sums each.
const TILE_M = 128u;
const TILE_N = 64u;
const PANEL = 16u;
// Blocks of 4 × 4 of a lane each way.
const BLOCKS_M = 2u;
const BLOCKS_N = 1u;
