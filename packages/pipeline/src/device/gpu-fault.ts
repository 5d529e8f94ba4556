/** Why there is no graphics card to compute on: what was found, and what to do about it. */
export interface GpuFault {
  /** Ends "but found …". */
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

const WASM = 'The device wasm needs none';

const DRIVERS: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'Install the card\'s Vulkan driver: for AMD and Intel `apt install libvulkan1 mesa-vulkan-drivers`, for NVIDIA its own driver and `apt install libvulkan1`, in a container with NVIDIA_DRIVER_CAPABILITIES=all',
  darwin: 'Metal needs macOS 11 or newer',
  win32: 'Install the driver of the card\'s maker',
};

/** The remedy where no driver offers a card. */
function driverRemedy(platform: NodeJS.Platform): string {
  return `${DRIVERS[platform] ?? 'Install a Vulkan driver'}. ${WASM}.`;
}

/** What a failure means for who wants to use the card. */
export function faultOf({ error, stderr, code, signal, timedOutSeconds, opened = false }: ChildEnd, platform: NodeJS.Platform = process.platform): GpuFault {
  if (timedOutSeconds !== undefined) return { found: `a graphics driver that did not answer within ${timedOutSeconds} seconds`, remedy: `Update the driver or restart the machine. ${WASM}.` };
  if (error === undefined) {
    return { found: `that asking the graphics driver ended the process (${signal ?? `exit code ${code}`})${lastLine(stderr)}`, remedy: `Update the driver. ${WASM}.` };
  }
  const { message } = error;
  if (opened) return { found: `a graphics card that failed while it was measured: ${plain(message)}`, remedy: `Update the driver. ${WASM}.` };
  if (error.code !== 'E_NO_GPU') return { found: `a graphics card that could not be opened: ${plain(message)}`, remedy: `Update the driver. ${WASM}.` };
  if (/Cannot find (package|module) 'webgpu'/.test(message)) {
    return { found: 'that the package webgpu, which brings WebGPU to Node, is not installed', remedy: `Install it: npm install webgpu. ${WASM}.` };
  }
  if (message.includes('Install the package webgpu')) return { found: `that the package webgpu could not be loaded: ${/\((.*)\)/.exec(message)?.[1] ?? plain(message)}`, remedy: `Install it again for this system and Node: npm install webgpu. ${WASM}.` };
  if (/libvulkan/.test(stderr)) return { found: 'no Vulkan loader (libvulkan.so.1)', remedy: driverRemedy(platform) };
  return { found: 'no driver that offers a graphics card', remedy: driverRemedy(platform) };
}

/** A message that becomes part of another. */
function plain(message: string): string {
  return message.replace(/^\w+: /, '').replace(/\.$/, '');
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line.slice(0, 200)}`;
}
