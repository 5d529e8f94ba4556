import { copy, createWasmDevice, launch, reduceRows } from '@llm/kernels';
import { clock, median } from './statistics.mjs';

/** Bytes read per second while summing 256 MB, the machine's bandwidth as our kernels see it; GB/s. */
export async function readBandwidth({ threads }) {
  const device = await createWasmDevice({ threads });
  const size = 64 * 2 ** 20;
  const x = device.heap.alloc(size * 4);
  const y = device.heap.alloc(4096 * 4);
  device.f32(x, size).fill(1);
  const run = () => launch(device, reduceRows, { at: { x, y }, dims: { rows: 4096, cols: size / 4096 } });
  clock(run, 5);
  const ms = Math.min(...clock(run, 15));
  await device.close();
  return size * 4 / ms / 1e6;
}

/** Copy and read bandwidth of the machine. */
export async function bandwidth({ threads }) {
  const device = await createWasmDevice({ threads });
  const size = 32 * 2 ** 20;
  const [x, y] = [device.heap.alloc(size * 4), device.heap.alloc(size * 4)];
  const run = () => launch(device, copy, { at: { x, y }, dims: { size } });
  clock(run, 5);
  const rate = 2 * size * 4 / median(clock(run, 11)) / 1e6;
  await device.close();
  const read = await readBandwidth({ threads });
  return [
    { name: 'memory read', value: `${read.toFixed(1)} GB/s`, figure: read },
    { name: 'memory copy (read + write)', value: `${rate.toFixed(1)} GB/s`, figure: rate },
  ];
}
