import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';

// As it is installed: built.
const NODE_IO = new URL('../../dist/cli/node-io.js', import.meta.url).href;

/** Is busy for ever with what it was told to stop. */
const PROGRAM = `
import { nodeIo } from ${JSON.stringify(NODE_IO)};
nodeIo().stop.addEventListener('abort', () => process.stdout.write('stopping\\n'));
setInterval(() => {}, 1000);
process.stdout.write('ready\\n');
`;

test.each([['SIGINT', 'SIGINT', 130], ['SIGTERM', 'SIGTERM', 143], ['SIGTERM', 'SIGINT', 130]] as const)('%s asks to stop, %s after it ends the process at once with %i', async (first, second, code) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    child.kill(out.endsWith('ready\n') ? first : second);
  });
  const ended = await new Promise((resolve) => { child.on('close', (exit) => resolve(exit)); });
  expect([out, ended]).toEqual(['ready\nstopping\n', code]);
});
