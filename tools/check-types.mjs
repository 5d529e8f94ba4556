// The whole repository type-checks from source, tests and benchmarks included; the playground from what the packages publish.
import { tool } from './run.mjs';

const projects = ['.', 'docs/playground', 'docs/playground/tsconfig.worker.json'];

export async function check() {
  const problems = [];
  for (const project of projects) {
    const { code, output } = await tool('typescript/bin/tsc', ['-p', project, '--noEmit', '--pretty', 'false']);
    if (code !== 0) problems.push(...output.trim().split(/\n(?! )/));
  }
  return { problems };
}
