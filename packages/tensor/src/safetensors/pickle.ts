/** How to get from a pickle to safetensors; shown wherever a pickle is refused. */
export function convertLine(path: string): string {
  const target = path.replace(/\.[^./\\]*$/, '');
  return `Convert it to safetensors on a machine that may run it: python -c 'import torch, safetensors.torch as s; s.save_file(torch.load("${path}", weights_only=True), "${target}.safetensors")'`;
}

/** Whether the bytes begin like a zip archive (torch.save since 1.6) or a bare pickle stream of protocol 2 to 5. */
export function looksLikePickle(bytes: Uint8Array): boolean {
  const zip = bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
  const pickle = bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5;
  return zip || pickle;
}

/** Whether a file name promises a pickle. */
export function namesPickle(path: string): boolean {
  return /\.(?:bin|pt|pth|ckpt|pkl|pickle)$/i.test(path);
}
