import { pythonPeer } from './python-peer.mjs';

/**
 * llama.cpp, which measures once whenever it is asked; undefined unless LLAMA_CPP names a folder with its libraries, as builds of it and the
 * package `@node-llama-cpp/linux-x64` have one.
 */
export async function llamaPeer(file, { threads, cpu, prompt, tokens }) {
  const folder = process.env.LLAMA_CPP;
  if (folder === undefined) return undefined;
  const peer = await pythonPeer('llama_peer.py', { args: [folder, file, ...[threads, prompt, tokens, Number(cpu)].map(String)] });
  if (peer === undefined) throw new Error('llama.cpp: expected a Python to load it with but found none. Name one with PYTHON=path.');
  return { measure: () => peer.ask('measure'), close: peer.close };
}
