import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * PEFT or TRL in a process of its own, which does one step when it is asked; undefined where no Python has them (PYTHON=path for
 * another). Between two steps it sleeps, so that both sides can take turns.
 */
export async function startPeer(setup) {
  const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...env } = process.env;
  const script = fileURLToPath(new URL('align_peer.py', import.meta.url));
  for (const python of process.env.PYTHON?.split(':') ?? ['python3', '/usr/bin/python3']) {
    const child = spawn(python, [script], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let failure = '';
    child.on('error', (error) => { failure = error.message; });
    child.stdin.on('error', () => {}); // it has ended: the missing answer says so
    child.stderr.setEncoding('utf8').on('data', (text) => { failure = `${failure}${text}`.slice(-2000); });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ask = async (message) => {
      child.stdin.write(`${JSON.stringify(message)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${python}: ${failure.trim().split('\n').at(-1)}`);
      return JSON.parse(value);
    };
    try {
      return { about: await ask(setup), ask, close: () => child.stdin.end() };
    } catch (error) {
      if (!/No module named|ENOENT/.test(error.message)) throw error;
    }
  }
  return undefined;
}

/** What both sides take turns in: a step on one thread, and one on all of them. */
export function peerSteps(peer, { threads, cpu }) {
  // Threads of OpenMP spin for a while after a step, and would slow down whoever comes next.
  const rest = () => new Promise((resolve) => { setTimeout(resolve, 250); });
  const on = (count) => async () => {
    const { seconds, loss } = await peer.ask({ threads: count, cpu });
    await rest();
    return { seconds, loss };
  };
  return threads === 1 ? { one: on(1) } : { one: on(1), all: on(threads) };
}
