import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * PyTorch in a process of its own, which answers one request a line. It stays up from case to case, since loading it takes long,
 * and is idle while we measure. Where it ended, or was ended, the next request starts it anew.
 */
export function openPeer({ python, script, env, quick }) {
  let current;
  const start = () => {
    const child = spawn(python, [script, ...(quick ? ['--quick'] : [])], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    const started = { child, waiting: [], said: '', ended: undefined };
    child.stderr.setEncoding('utf8').on('data', (text) => { started.said = `${started.said}${text}`.slice(-2000); });
    child.stdin.on('error', () => {}); // it ended: `close` says so
    createInterface({ input: child.stdout }).on('line', (line) => started.waiting.shift()?.resolve(JSON.parse(line)));
    const end = (reason) => {
      started.ended ??= `PyTorch ${reason}: ${started.said.trim().split('\n').at(-1)}`;
      for (const { reject } of started.waiting.splice(0)) reject(new Error(started.ended));
    };
    child.on('error', (error) => end(`could not be started (${error.message})`));
    child.on('close', (code, signal) => end(`ended with ${signal ?? `code ${code}`}`));
    return started;
  };
  const ask = async (request) => {
    if (current === undefined || current.ended !== undefined) current = start();
    const { child, waiting } = current;
    const answer = await new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      child.stdin.write(`${JSON.stringify(request)}\n`);
    });
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  };
  return { ask, kill: () => current?.child.kill('SIGKILL') };
}

/** The peer as a process that run.mjs started sees it: requests go through that. */
export function peerOfParent() {
  const waiting = new Map();
  let next = 0;
  process.on('message', ({ answerTo, answer, error }) => {
    const { resolve, reject } = waiting.get(answerTo) ?? {};
    waiting.delete(answerTo);
    if (error === undefined) resolve?.(answer);
    else reject?.(new Error(error));
  });
  return {
    ask: (request) => new Promise((resolve, reject) => {
      waiting.set(next, { resolve, reject });
      process.send({ askPeer: request, id: next++ });
    }),
  };
}

export const NO_PEER = 'no python3 with torch was found';
let nextArm = 0;

/** An arm that PyTorch runs. */
export function torchArm(peer, name, request) {
  const arm = nextArm++;
  return {
    name,
    async prepare() {
      if (peer === undefined) throw new Error(NO_PEER);
      return peer.ask({ ...request, do: 'prepare', arm });
    },
    sample: async () => (await peer.ask({ do: 'sample', arm })).seconds,
    finish: async () => (peer === undefined ? undefined : peer.ask({ do: 'finish', arm })),
  };
}
