// The numbers behind WebGPU's flags, which the standard fixes: a page has them as globals, and types do not.
export const BUFFER: { readonly MAP_READ: 1; readonly COPY_SRC: 4; readonly COPY_DST: 8; readonly UNIFORM: 64; readonly STORAGE: 128 } = {
  MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64, STORAGE: 128,
};
export const MAP_READ = 1;
export const COMPUTE = 4;
