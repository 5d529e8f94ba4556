import { test } from 'vitest';
import { likelihood } from '/work/main/benchmarks/eval.mjs';
test('bench', async () => {
  for (const row of await likelihood({ threads: 1, cpu: true, rounds: 1 } as never)) console.log(row.name, row.value, row.note);
}, 600_000);
