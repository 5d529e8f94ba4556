import { fromFloat32, toFloat32 } from '@llm/tensor';
import { readGgufFile, readSafetensorsFile, readShardedFolder, writeGgufFile, writeSafetensorsFile, writeShardedFolder } from '@llm/tensor/node';
import { mkdir } from 'node:fs/promises';
import { expect } from '../expect.mjs';

const raw = fromFloat32(new Float32Array([1, 2]), 'F16');
await mkdir('tensors');
await writeSafetensorsFile('tensors/one.safetensors', [['w', raw]]);
const one = await readSafetensorsFile('tensors/one.safetensors');
expect(toFloat32(await one.read('w')).join() === '1,2', 'the values back from the file');
await one.close();

await mkdir('sharded');
const { fileNames } = await writeShardedFolder('sharded', [['a', raw], ['b', raw]], { maxShardBytes: 4 });
expect(fileNames.length >= 2, `two shards but found ${fileNames}`);
const folder = await readShardedFolder('sharded');
expect(toFloat32(await folder.read('b')).join() === '1,2', 'the values back from the folder');
await folder.close();

await writeGgufFile('tensors/one.gguf', { 'general.architecture': 'llama' }, [['w', { type: 'F16', shape: [2], data: raw.data }]]);
const opened = await readGgufFile('tensors/one.gguf');
expect((await opened.read('w')).data.join() === raw.data.join(), 'the bytes back from the file');
await opened.close();
