// A reporter for vitest: how many kernel cases each device ran. Writes them to the file that CASES_FILE names.
import { writeFileSync } from 'node:fs';

export default class CaseReporter {
  onTestRunEnd(modules) {
    const total = {};
    for (const file of modules) {
      for (const test of file.children.allTests()) {
        for (const [device, count] of Object.entries(test.meta().kernelCases ?? {})) total[device] = (total[device] ?? 0) + count;
      }
    }
    if (process.env.CASES_FILE) writeFileSync(process.env.CASES_FILE, JSON.stringify(total));
  }
}
