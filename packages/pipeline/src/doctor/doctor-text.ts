import { bytes, count, digits, table } from '../cli/format.ts';
import type { GpuFacts } from '../device/gpu-facts.ts';
import type { Rates } from '../device/measure-rates.ts';
import type { Check } from './checks.ts';
import type { Examination, Room } from './examine.ts';

/** An examination for people. */
export function doctorText({ environment: { node, v8, platform, cpu, cores, memoryBytes, llm }, freeMemoryBytes, webgpu, wasm, batch, length, checks }: Examination): string {
  return [
    section('Machine', [
      `system    ${platform}, ${cpu}, ${cores} processors, ${bytes(freeMemoryBytes)} of memory free of ${bytes(memoryBytes)}`,
      `software  Node ${node}, V8 ${v8}, llm ${llm}`,
      `webgpu    ${webgpu.facts === undefined ? 'none' : webgpu.facts.description}${webgpu.facts?.software ? ', imitated in software' : ''}`,
      ...(webgpu.facts === undefined ? [] : cardLines(webgpu.facts).map((line) => `          ${line}`)),
      `wasm      ${wasm.device?.description ?? 'none'}`,
    ]),
    section('Speed', [
      rateTable([['webgpu', webgpu.rates], ['wasm', wasm.rates]]),
      ...(webgpu.facts?.software && webgpu.rates !== undefined ? ['webgpu was measured with small sizes: an imitation in software is slow.'] : []),
    ]),
    section(`Largest model, in millions of parameters (an estimate, in float32, in steps of ${batch} × ${length} tokens)`, [
      table(['memory', 'trained with AdamW', 'generating'], [...webgpu.room.map((room) => roomRow('webgpu', room)), ...wasm.room.map((room) => roomRow('wasm', room))]),
      ...(webgpu.facts?.software === false ? ['WebGPU does not tell how much memory a card has: find yours among these.'] : []),
    ]),
    section('Checks', checks.map(checkText)),
  ].join('\n\n');
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines.flatMap((line) => line.split('\n')).map((line) => `  ${line}`)].join('\n');
}

/** Features and limits of a card, a few to a line. */
export function cardLines({ features: { f16, subgroups, timestamps, matrixUnits }, subgroupSizes, limits }: GpuFacts): string[] {
  const has = (there: boolean): string => (there ? 'yes' : 'no');
  const sizes = subgroupSizes === undefined ? '' : ` of ${[...new Set(subgroupSizes)].join(' to ')}`;
  return [
    `features: shader-f16 ${has(f16)}, subgroups ${subgroups ? `yes${sizes}` : 'no'}, timestamp-query ${has(timestamps)}`,
    `subgroup matrices: ${matrixUnits.length === 0 ? 'none' : matrixUnits.map(({ m, n, k, component, result }) => `${m}×${n}×${k} ${component} to ${result}`).join(', ')}`,
    ...Object.entries(limits).map(([name, value]) => `${name}: ${name.endsWith('Size') && value >= 2 ** 20 ? bytes(value) : count(value)}`),
  ];
}

function rateTable(devices: readonly (readonly [string, Rates | undefined])[]): string {
  const row = (label: string, show: (rates: Rates) => string): string[] => [label, ...devices.map(([, rates]) => (rates === undefined ? '-' : show(rates)))];
  const perSecond = (value: number): string => `${bytes(value)}/s`;
  return table(['', ...devices.map(([name]) => name)], [
    row('matrix product, f32', ({ matmulFlops }) => `${digits(matmulFlops / 1e9)} GFLOP/s`),
    row('matrix product, f16', ({ matmulF16Flops: flops }) => (flops === undefined ? 'not offered' : flops === null ? 'wrong' : `${digits(flops / 1e9)} GFLOP/s`)),
    row('copy on the device', ({ copyBytes }) => perSecond(copyBytes)),
    row('copy to it', ({ uploadBytes }) => perSecond(uploadBytes)),
    row('copy from it', ({ downloadBytes }) => perSecond(downloadBytes)),
  ]);
}

function roomRow(name: string, { memoryBytes, trained, generating }: Room): string[] {
  const millions = (value: number): string => count(value / 1e6);
  return [`${name}, ${bytes(memoryBytes)}`, millions(trained), millions(generating)];
}

const STATES: Record<Check['state'], string> = { ok: 'OK', note: 'note', problem: 'problem' };

/** `problem  disk: …` and the remedy below. */
function checkText({ name, state, found, remedy }: Check): string {
  return `${STATES[state].padEnd(9)}${name}: ${found}${remedy === undefined ? '' : `\n${' '.repeat(9)}${remedy}`}`;
}
