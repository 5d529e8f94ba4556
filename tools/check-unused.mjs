// knip finds no file, export or dependency that nothing uses, under knip.json.
import { tool } from './run.mjs';

export async function check() {
  const { code, output } = await tool('knip/bin/knip.js', ['--no-progress', '--reporter', 'compact']);
  return { problems: code === 0 ? [] : output.trim().split('\n').filter((line) => line !== '') };
}
