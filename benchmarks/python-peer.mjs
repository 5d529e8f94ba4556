import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** An environment in which NumPy and its like use one thread. */
export const ONE_THREAD = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };

/**
 * A script of this folder in a process of its own, which answers a line of JSON with another and sleeps in between, so that both sides can
 * take turns. It says first what it is (`about`), after `hello` where it is to be told something. Tries each Python of PYTHON=path:path;
 * undefined where none has what the script needs.
 */
export async function pythonPeer(script, { args = [], env = process.env, hello } = {}) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  for (const python of process.env.PYTHON?.split(':') ?? ['python3', '/usr/bin/python3']) {
    const child = spawn(python, [path, ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let failure = '';
    child.on('error', ({ message }) => { failure = message; });
    child.stdin.on('error', () => {}); // it has ended: the missing answer says so
    child.stderr.setEncoding('utf8').on('data', (text) => { failure = `${failure}${text}`.slice(-2000); });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const read = async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${python}: ${failure.trim().split('\n').at(-1)}`);
      return JSON.parse(value);
    };
    const ask = (message) => {
      child.stdin.write(`${JSON.stringify(message)}\n`);
      return read();
    };
    try {
      return { about: await (hello === undefined ? read() : ask(hello)), ask, close: () => child.stdin.end() };
    } catch (error) {
      if (!/No module named|ENOENT/.test(error.message)) throw error;
    }
  }
  return undefined;
}
