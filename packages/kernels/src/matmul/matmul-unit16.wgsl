// Matrix units of 16 × 16 × 16, f16 in and f32 out, which NVIDIA and AMD have: eight subgroups share a tile of 128 × 128.
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
const UNIT_M = 16u;
const UNIT_N = 16u;
const UNIT_K = 16u;
