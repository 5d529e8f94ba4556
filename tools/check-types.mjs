// The whole repository type-checks from source, tests and benchmarks included.
import { tool } from './run.mjs';

export async function check() {
  const { code, output } = await tool('typescript/bin/tsc', ['-p', '.', '--pretty', 'false']);
  return { problems: code === 0 ? [] : output.trim().split(/\n(?! )/) };
}
