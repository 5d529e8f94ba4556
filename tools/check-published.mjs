// The tarball of every public package is what a registry and a compiler expect: publint, attw, a licence, a README, no tests.
import { readFileSync } from 'node:fs';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { filesOf, tarballs } from './pack.mjs';
import { tool } from './run.mjs';

async function ofTarball({ name, json, tarball }) {
  const { buffer } = new Uint8Array(readFileSync(tarball));
  const { messages } = await publint({ pack: { tarball: buffer } });
  const attw = await tool('@arethetypeswrong/cli/dist/index.js', [tarball, '--profile', 'esm-only', '--no-color', '--no-emoji', '--format', 'ascii']);
  const files = await filesOf(tarball);
  return [
    ...messages.map((message) => `publint: ${formatMessage(message, json, { color: false })}`),
    ...(attw.code === 0 ? [] : [`attw: ${attw.output.trim()}`]),
    ...['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts'].filter((file) => !files.includes(file)).map((file) => `no ${file}`),
    ...files.filter((file) => /\.(test|bench)\.|fixtures?\//.test(file)).map((file) => `${file} is for development only`),
  ].map((problem) => `${name}: ${problem}`);
}

export async function check() {
  const problems = [];
  for (const pkg of await tarballs()) problems.push(...await ofTarball(pkg));
  return { problems };
}
