// `llm data` alone, as built: the same command without what all the others load, so that starting it often is quick.
import { data } from '../../packages/pipeline/dist/commands/data.js';
import { nodeIo } from '../../packages/pipeline/dist/cli/node-io.js';
import { runCli } from '../../packages/pipeline/dist/cli/run-cli.js';

const code = await runCli(process.argv.slice(2), { commands: [data], version: '0.0.0', io: nodeIo() });
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
