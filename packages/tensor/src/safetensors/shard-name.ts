import { quoted, SafetensorsError } from './errors.ts';
import { convertLine, namesPickle } from './pickle.ts';

const DECODINGS = 5;

function decodedFully(name: string): string {
  let decoded = name;
  for (let round = 0; round <= DECODINGS; round++) {
    let next: string;
    try {
      next = decodeURIComponent(decoded);
    } catch {
      return decoded; // a bare percent sign is an ordinary character
    }
    if (next === decoded) return decoded;
    decoded = next;
  }
  throw refusal(name, `one that is percent-encoded more than ${DECODINGS} times`);
}

function refusal(name: string, why: string): SafetensorsError {
  return new SafetensorsError('E_SHARD_NAME', `parseIndex: expected a file name inside the model folder but found ${quoted(name)}, ${why}. Do not use this index: it points outside its folder.`);
}

/**
 * Throws unless `name` stays inside the folder of its index, also after percent-decoding, on every operating system.
 *
 * @throws SafetensorsError E_SHARD_NAME (`../x`, `%2e%2e/x`, `/x`, `C:\x`, `\\host\x`, NUL …), E_PICKLE (`x.bin`).
 */
export function checkShardName(name: string): void {
  const decoded = decodedFully(name);
  for (const form of [name, decoded]) {
    if (/[\u0000-\u001f\u007f]/.test(form)) throw refusal(name, 'which holds a control character');
    if (/^[\\/]{2}/.test(form)) throw refusal(name, 'which names another machine');
    if (/^[a-z]:/i.test(form)) throw refusal(name, 'which names a drive');
    if (/^[\\/]/.test(form)) throw refusal(name, 'which is absolute');
    for (const segment of form.split(/[\\/]/)) {
      if (segment === '..' || segment === '.' || segment === '') throw refusal(name, 'which leaves its folder');
    }
    if (form.includes('\\') || form.includes(':')) throw refusal(name, 'which means something else on another system');
  }
  if (namesPickle(decoded)) {
    throw new SafetensorsError('E_PICKLE', `parseIndex: expected shards in safetensors but found ${quoted(name)}, a pickle, which can run code when read. ${convertLine('pytorch_model.bin')}`);
  }
  if (!decoded.endsWith('.safetensors')) throw refusal(name, 'which is not a .safetensors file');
}
