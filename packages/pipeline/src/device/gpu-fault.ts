/** Why there is no graphics card to compute on: what was found, and what to do about it. */
export interface GpuFault {
  /** Something is not installed, or something that is does not work. */
  readonly kind: 'missing' | 'broken';
  /** Goes on from "but found". */
  readonly found: string;
  /** Whole sentences. */
  readonly remedy: string;
}

/** How the process ended that asked for the graphics card. */
export interface ChildEnd {
  /** What it said went wrong, if it could. */
  readonly error?: { readonly code?: string; readonly message: string };
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
  /** The process did not come to an end and was killed. */
  readonly timedOutSeconds?: number;
  /** The card had been opened before. */
  readonly opened?: boolean;
}

const WASM = 'The device wasm needs none.';

const DRIVERS: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'Install libvulkan1 and the card\'s driver: mesa-vulkan-drivers for AMD and Intel, NVIDIA\'s own for NVIDIA (in a container with NVIDIA_DRIVER_CAPABILITIES=all)',
  darwin: 'Metal needs macOS 11 or newer',
  win32: 'Install the driver of the card\'s maker',
};

/** What a failure means for who wants to use the card. */
export function faultOf({ error, stderr, code, signal, timedOutSeconds, opened = false }: ChildEnd, platform: NodeJS.Platform = process.platform): GpuFault {
  const broken = (found: string, remedy = 'Update the driver.'): GpuFault => ({ kind: 'broken', found, remedy: `${remedy} ${WASM}` });
  const missing = (found: string, remedy: string): GpuFault => ({ kind: 'missing', found, remedy: `${remedy}. ${WASM}` });
  if (timedOutSeconds !== undefined) return broken(`a graphics driver that did not answer within ${timedOutSeconds} seconds`, 'Update the driver or restart the machine.');
  if (error === undefined) return broken(`a graphics driver that ended the process (${signal ?? `exit code ${code}`})${lastLine(stderr)}`);
  const { message } = error;
  if (opened) return broken(`a graphics card that failed while it was measured: ${plain(message)}`);
  if (error.code !== 'E_NO_GPU') return broken(`a graphics card that could not be opened: ${plain(message)}`);
  if (/Cannot find (package|module) 'webgpu'/.test(message)) return missing('no package webgpu, which brings WebGPU to Node', 'Install it: npm install webgpu');
  if (message.includes('Install the package webgpu')) return broken(`a package webgpu that does not load: ${/\((.*)\)/.exec(message)?.[1] ?? plain(message)}`, 'Install it again for this system and this Node: npm install webgpu.');
  return missing(/libvulkan/.test(stderr) ? 'no Vulkan loader (libvulkan.so.1)' : 'no driver that offers a graphics card', DRIVERS[platform] ?? 'Install a Vulkan driver');
}

/** A message that becomes part of another. */
function plain(message: string): string {
  return message.replace(/^\w+: /, '').replace(/\.$/, '');
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line.slice(0, 200)}`;
}
