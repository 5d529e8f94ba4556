export { readSafetensorsFile, type SafetensorsFile, type SafetensorsSource } from './safetensors-file.ts';
export { writeSafetensorsFile } from './write-safetensors-file.ts';
export { readShardedFolder, writeShardedFolder } from './sharded-folder.ts';
export { readGgufFile, writeGgufFile, type GgufFile } from './gguf-file.ts';
