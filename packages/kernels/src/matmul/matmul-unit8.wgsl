// Matrix units of 8 × 8 × 8, f16 in and f32 out: eight subgroups share a tile of 64 × 64.
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
const UNIT_M = 8u;
const UNIT_N = 8u;
const UNIT_K = 8u;
