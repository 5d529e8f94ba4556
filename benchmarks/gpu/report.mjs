const number = (value, digits) => {
  if (value === undefined || value === null) return '–';
  return Math.abs(value) >= 1000 || Number.isInteger(value) ? String(Math.round(value)) : String(Number(value.toPrecision(digits ?? 3)));
};

const COLUMNS = [['case', 78], ['ours', 9], ['peer', 9], ['ratio', 6], ['', 9], ['peer and notes', 0]];
const cells = (texts) => texts.map((text, i) => (i === 0 || i > 3 ? text.padEnd(COLUMNS[i][1]) : text.padStart(COLUMNS[i][1]))).join('  ').trimEnd();

export const header = () => `${cells(COLUMNS.map(([name]) => name))}\n${COLUMNS.map(([name, width]) => '─'.repeat(width || name.length)).join('  ')}`;

/** A line of the table. The ratio says how many times as good ours is as the peer's. */
export function line({ name, unit = '', ours, theirs, ratio, peer, digits, note = '', failed }) {
  return cells([name, number(ours, digits), number(theirs, digits), ratio === undefined || ratio === null ? '–' : ratio.toFixed(2), unit, [...(peer === undefined ? [] : [peer]), ...(failed === undefined ? [] : [`FAILED: ${failed}`]), ...(note === '' || note.includes('ours failed') ? [] : [note])].join('; ')]);
}

/** What was measured on, a line for each fact. */
export function about({ date, build, adapter, features, used, limits, driver, peer, how, quick }) {
  const units = used?.matrixUnits?.map(({ m, n, k, component, result }) => `${component}→${result} ${m}×${n}×${k}`).join(', ');
  return [
    `${date}, commit ${build?.commit}, node ${process.versions.node}, webgpu ${build?.webgpu}, ${build?.toggles}`,
    `adapter: ${adapter?.vendor} ${adapter?.architecture} ${adapter?.device} ${adapter?.description}${adapter?.software ? ' (an imitation in software)' : ''}, subgroups of ${adapter?.subgroupMinSize} to ${adapter?.subgroupMaxSize}, found with: ${how}`,
    `features: ${features?.join(' ')}`,
    ...(units ? [`matrix units: ${units}`] : []),
    `limits: ${Object.entries(limits ?? {}).map(([name, value]) => `${name} ${value}`).join(', ')}`,
    `driver: ${driver === undefined ? 'no nvidia-smi' : Object.entries(driver).map(([name, value]) => `${name} ${value}`).join(', ')}`,
    `peer: ${peer === undefined ? 'no PyTorch' : peer.failed ?? `PyTorch ${peer.torch}, CUDA ${peer.cuda}, ${peer.device}, TF32 ${JSON.stringify(peer.tf32)}, float32_matmul_precision ${peer.float32MatmulPrecision}`}`,
    ...(quick || adapter?.software ? ['These sizes, or this adapter, show that the code runs. THE FIGURES MEAN NOTHING.'] : []),
  ].join('\n');
}
