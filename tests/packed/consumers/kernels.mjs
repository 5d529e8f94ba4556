import * as kernels from '@llm/kernels';
import { expect } from '../expect.mjs';

const device = await kernels.createWasmDevice({ threads: 2 });
expect(device.threads >= 1, `at least one thread but found ${device.threads}`);
await device.close();
