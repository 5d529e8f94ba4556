import { commands, type Io, runCli } from '@llm/pipeline/node';

/** Runs the llm command in a folder, without a terminal. */
export async function llm(argv: string, cwd: string): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const io: Io = {
    cwd, isTTY: false, isInteractive: false, env: {}, stop: new AbortController().signal,
    out: (text) => { written.out += text; },
    err: (text) => { written.err += text; },
    columns: () => 80,
    async *lines() {},
  };
  const code = await runCli(argv.split(' '), { commands, version: '0.0.0', io });
  return { code, ...written };
}
