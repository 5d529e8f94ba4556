// Measures the figures of the README's table: `npm run bench`, `npm run bench -- medium align`, `--json` for machines.
// PyTorch runs beside us, in turns, where a python3 with torch is found (PYTHON=path for another).
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { align } from './align.mjs';
import { bandwidth } from './bandwidth.mjs';
import { data } from './data.mjs';
import { decode } from './decode.mjs';
import { distill } from './distill.mjs';
import { likelihood } from './eval.mjs';
import { product } from './product.mjs';
import { quantized } from './quantized.mjs';
import { steady } from './steady.mjs';
import { tokenizer } from './tokenizer.mjs';
import { MEDIUM, SMALL, trainingStep } from './training-step.mjs';

const args = process.argv.slice(2);
const json = args.includes('--json');
const cpu = args.includes('--cpu');
const threads = Number(args.find((arg) => arg.startsWith('--threads='))?.slice(10) ?? 2);

const benches = {
  matmul: () => product({ threads }),
  small: () => trainingStep('small', SMALL, { threads }),
  medium: () => trainingStep('medium', MEDIUM, { threads }),
  bandwidth: () => bandwidth({ threads }),
  decode: () => decode({ threads }),
  steady: () => steady({ threads }),
  quantized: () => quantized({ threads, cpu }),
  distill: () => distill({ threads, cpu }),
  eval: () => likelihood({ threads, cpu }),
  tokenizer: () => tokenizer({ cpu }),
  ...Object.fromEntries(Object.entries({ ...align, ...data }).map(([name, bench]) => [name, () => bench({ threads, cpu })])),
};
const groups = { align, data };
const asked = args.filter((arg) => !arg.startsWith('--')).flatMap((name) => (name in groups ? Object.keys(groups[name]) : [name]));
for (const name of asked) {
  if (name in benches) continue;
  console.error(`bench: expected align, data, ${Object.keys(benches).join(', ')} but found ${name}.`);
  process.exit(2);
}

const commit = () => {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
};

const rows = [];
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  for (const row of await bench()) {
    rows.push(row);
    if (!json) console.log(`${row.name.padEnd(52)} ${row.value.padStart(14)}  ${row.note ?? ''}`);
  }
}
const about = { date: new Date().toISOString().slice(0, 10), commit: commit(), node: process.versions.node, flags: process.execArgv.join(' '), cpu: cpus()[0]?.model.trim(), cores: cpus().length, threads };
if (json) console.log(JSON.stringify({ about, rows }, null, 2));
else console.log(`\n${Object.entries(about).map(([key, value]) => `${key} ${value}`).join(', ')}`);
process.exit(0);
