// Set up before every test file: leaves with each test how many kernel cases it ran on which device, for the reporter.
import { afterEach } from 'vitest';

const cases = () => ({ ...globalThis[Symbol.for('llm.kernelCases')] });
let before = cases();

afterEach(({ task }) => {
  const now = cases();
  const ran = Object.entries(now).map(([device, count]) => [device, count - (before[device] ?? 0)]).filter(([, count]) => count > 0);
  if (ran.length > 0) task.meta.kernelCases = Object.fromEntries(ran);
  before = now;
});
