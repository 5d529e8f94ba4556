import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * llama.cpp in a process of its own, which measures once whenever it is asked and sleeps in between; undefined unless LLAMA_CPP names a folder
 * with its libraries, as builds of it and the package `@node-llama-cpp/linux-x64` have one.
 */
export async function llamaPeer(file, { threads, cpu, prompt, tokens }) {
  const folder = process.env.LLAMA_CPP;
  if (folder === undefined) return undefined;
  const script = fileURLToPath(new URL('llama_peer.py', import.meta.url));
  const child = spawn(process.env.PYTHON ?? 'python3', [script, folder, file, ...[threads, prompt, tokens, Number(cpu)].map(String)], { stdio: ['pipe', 'pipe', 'pipe'] });
  let failure = '';
  child.on('error', (error) => { failure = error.message; });
  child.stdin.on('error', () => {}); // it has ended: the missing answer says so
  child.stderr.setEncoding('utf8').on('data', (text) => { failure = `${failure}${text}`.slice(-2000); });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`llama.cpp: ${failure.trim().split('\n').at(-1)}`);
    return value;
  };
  await next();
  return {
    async measure() {
      child.stdin.write('\n');
      return JSON.parse(await next());
    },
    close: () => child.stdin.end(),
  };
}
