import { type CommandDef, defineCommand, renderUsage } from 'citty';
import { EXIT, UsageError } from './cli-error.ts';
import type { Command } from './command.ts';
import { didYouMean } from './did-you-mean.ts';
import { exitCodeOf, type Stopped } from './stopped.ts';
import { explain } from './explain.ts';
import type { Io } from './io.ts';

export interface RunCliOptions {
  readonly commands: readonly Command[];
  readonly version: string;
  readonly io: Io;
}

/** Runs one command line and returns its exit code; never throws and never exits. */
export async function runCli(argv: readonly string[], { commands, version, io }: RunCliOptions): Promise<number> {
  try {
    const root = defineCommand({
      meta: { name: 'llm', version, description: 'Train a small language model from raw text, and use it.' },
      subCommands: Object.fromEntries(commands.map(({ name, definition }) => [name, definition])),
    }) as CommandDef;
    const [first] = argv;
    if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
      io.out(`${plain(await renderUsage(root), io)}\n`);
      return first === undefined ? EXIT.usage : EXIT.ok;
    }
    if (first === '--version' || first === '-v') {
      io.out(`${version}\n`);
      return EXIT.ok;
    }
    const { found, rest } = find(argv, commands);
    const before = rest.indexOf('--') < 0 ? rest : rest.slice(0, rest.indexOf('--'));
    if (before.includes('--help') || before.includes('-h')) {
      io.out(`${plain(await renderUsage(found.definition, root), io)}\n`);
      return EXIT.ok;
    }
    return await endsWhenStopped(found, rest, io);
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined) io.err(`${explain(error, { debug: io.env.LLM_DEBUG === '1' })}\n`);
    return code ?? (error instanceof UsageError ? EXIT.usage : EXIT.failure);
  }
}

/** Runs a command to its end, or until somebody asks to stop where it does not see to that itself. */
export function endsWhenStopped(command: Command, rest: readonly string[], io: Io): Promise<number> {
  const work = command.run(rest, io);
  return command.stopsItself ? work : Promise.race([work, stopped(io.stop)]);
}

/** Help without colours where nobody would see them. */
function plain(usage: string, { isTTY }: Io): string {
  // eslint-disable-next-line no-control-regex -- the escape character is what is looked for
  return isTTY ? usage : usage.replace(/\u001b\[\d+m/g, '').replace(/[ ]+$/gm, '');
}

function find(argv: readonly string[], commands: readonly Command[]): { found: Command; rest: readonly string[] } {
  for (const words of [3, 2, 1]) {
    const found = commands.find(({ name }) => name === argv.slice(0, words).join(' ') && name.split(' ').length === words);
    if (found !== undefined) return { found, rest: argv.slice(words) };
  }
  const names = commands.map(({ name }) => name);
  const typed = argv[0]!;
  const family = names.filter((name) => name.startsWith(`${typed} `));
  if (family.length > 0) throw new UsageError(`llm ${typed}: expected ${family.map((name) => `llm ${name}`).join(' or ')} but found ${argv[1] === undefined ? 'nothing after it' : argv[1]}.${didYouMean(argv.slice(0, 2).join(' '), family, 'llm ')}`);
  throw new UsageError(`llm: expected a command (${names.join(', ')}) but found ${typed}.${didYouMean(typed, names, 'llm ')} See llm --help.`);
}

function stopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason as Stopped);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
