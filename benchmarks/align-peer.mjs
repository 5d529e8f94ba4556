import { pythonPeer } from './python-peer.mjs';

/** PEFT or TRL, which does one step when it is asked. */
export function startPeer(setup) {
  const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...env } = process.env;
  return pythonPeer('align_peer.py', { env, hello: setup });
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
