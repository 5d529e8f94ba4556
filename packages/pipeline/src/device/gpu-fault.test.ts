import { expect, test } from 'vitest';
import { type ChildEnd, faultOf } from './gpu-fault.ts';

const ended = (end: Partial<ChildEnd>): ChildEnd => ({ stderr: '', code: 0, signal: null, ...end });
const noGpu = (message: string): Partial<ChildEnd> => ({ error: { code: 'E_NO_GPU', message } });

test.each<[string, Partial<ChildEnd>, NodeJS.Platform, string, string, string]>([
  ['no package', noGpu("findAdapter: expected WebGPU but found none in this Node. Install the package webgpu. (Cannot find package 'webgpu' imported from /a/b.js)"), 'linux', 'missing', 'no package webgpu, which brings WebGPU to Node', 'Install it: npm install webgpu.'],
  ['a package that does not load', noGpu("findAdapter: expected WebGPU but found none in this Node. Install the package webgpu. (/lib/libm.so.6: version `GLIBC_2.38' not found)"), 'linux', 'broken', "a package webgpu that does not load: /lib/libm.so.6: version `GLIBC_2.38' not found", 'npm install webgpu'],
  ['no loader', { ...noGpu('findAdapter: expected a graphics adapter but found none.'), stderr: "Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file" }, 'linux', 'missing', 'no Vulkan loader (libvulkan.so.1)', 'Install libvulkan1'],
  ['no driver', noGpu('findAdapter: expected a graphics adapter but found none.'), 'linux', 'missing', 'no driver that offers a graphics card', 'mesa-vulkan-drivers'],
  ['no driver, Windows', noGpu('findAdapter: expected a graphics adapter but found none.'), 'win32', 'missing', 'no driver', 'card\'s maker'],
  ['no driver, elsewhere', noGpu('findAdapter: expected a graphics adapter but found none.'), 'freebsd', 'missing', 'no driver', 'Install a Vulkan driver'],
  ['a card that does not open', { error: { message: 'requestDevice: out of handles.' } }, 'linux', 'broken', 'a graphics card that could not be opened: out of handles', 'Update the driver'],
  ['a card that fails in use', { error: { code: 'E_GPU_LOST', message: 'it was lost' }, opened: true }, 'linux', 'broken', 'a graphics card that failed while it was measured: it was lost', 'Update the driver'],
  ['a crash', { code: null, signal: 'SIGSEGV', stderr: 'first\nlast words\n' }, 'linux', 'broken', 'a graphics driver that ended the process (SIGSEGV): last words', 'Update the driver'],
  ['an exit without a word', { code: 7 }, 'linux', 'broken', 'a graphics driver that ended the process (exit code 7)', 'Update the driver'],
  ['no answer', { code: null, signal: 'SIGKILL', timedOutSeconds: 20 }, 'linux', 'broken', 'a graphics driver that did not answer within 20 seconds', 'restart the machine'],
])('%s', (_case, end, platform, kind, found, remedy) => {
  const fault = faultOf(ended(end), platform);
  expect(fault.kind).toBe(kind);
  expect(fault.found).toContain(found);
  expect(fault.remedy).toContain(remedy);
  expect(fault.remedy).toMatch(/ The device wasm needs none\.$/);
});
