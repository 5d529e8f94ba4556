// oxlint finds nothing, not even a warning, under .oxlintrc.json.
import { tool } from './run.mjs';

export async function check() {
  const { code, output } = await tool('oxlint/bin/oxlint', ['--deny-warnings', '--format=unix', '.']);
  return { problems: code === 0 ? [] : output.trim().split('\n').filter((line) => /^\S+:\d/.test(line)).concat(code > 1 ? [output] : []) };
}
