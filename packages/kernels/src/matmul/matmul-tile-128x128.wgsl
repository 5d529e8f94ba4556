// 256 lanes hold 8 × 8 sums each: of all tiles it reads the least for each product.
const TILE_M = 128u;
const TILE_N = 128u;
const PANEL = 8u;
// Blocks of 4 × 4 of a lane each way.
const BLOCKS_M = 2u;
const BLOCKS_N = 2u;
