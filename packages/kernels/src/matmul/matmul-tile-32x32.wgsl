// 64 lanes hold 4 × 4 sums each: for small products, and for cards with little workgroup memory.
const TILE_M = 32u;
const TILE_N = 32u;
const PANEL = 16u;
// Blocks of 4 × 4 of a lane each way.
const BLOCKS_M = 1u;
const BLOCKS_N = 1u;
