/**
 * Lets timers, signals and the page have their turn. Without it a loop that only awaits what is ready would never hear of a
 * Ctrl-C. A message between two ports is the one way without delay that Node and browsers share.
 */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
