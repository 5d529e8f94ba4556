#!/usr/bin/env node
import { commands } from './commands/index.ts';
import { nodeIo } from './cli/node-io.ts';
import { runCli } from './cli/run-cli.ts';
import { version } from './version.ts';

const code = await runCli(process.argv.slice(2), { commands, version, io: nodeIo() });
// Threads that are still there must not keep the process alive; what was written must be out first.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
