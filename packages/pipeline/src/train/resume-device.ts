import { measurePeak } from '@llm/train';
import { CliError } from '../cli/cli-error.ts';
import { type Ask, type DeviceChoice, DEVICE_CHOICES, pickDevice, type PickedDevice } from '../device/pick-device.ts';
import { type RunRecord, writeRun } from '../run/run-record.ts';

/** What a run goes on with. */
export interface ResumeDevice {
  readonly device: PickedDevice;
  /** Says which device it is from now on. */
  readonly record: RunRecord;
  /** What the user should know about it. */
  readonly note?: string;
}

/**
 * The device of a run that goes on: its own, or the one that was asked for, which is then written down as its own. No two devices
 * give the same last digits, so none is taken silently.
 *
 * @throws CliError E_DEVICE_CHANGED where its own is not to be had and no other was asked for.
 */
export async function resumeDevice(folder: string, record: RunRecord, choice: DeviceChoice | undefined, { ask }: { ask?: Ask } = {}): Promise<ResumeDevice> {
  const began = record.device;
  const own = DEVICE_CHOICES.find((name) => name === began.name);
  const device = await pickDevice(choice ?? own, ask === undefined ? {} : { ask }).catch((cause: unknown) => {
    if (choice !== undefined) throw cause;
    throw new CliError('E_DEVICE_CHANGED', `llm: expected ${began.name}, the device of this run (${began.description}), but it is not to be had here: ${cause instanceof Error ? cause.message : String(cause)} To go on with another, name it with --device ${began.name === 'wasm' ? 'cpu' : 'wasm'}. Its numbers then differ in their last digits from those of a run on one device.`, { cause });
  });
  if (device.name === began.name) {
    return { device, record, ...(device.description === began.description ? {} : { note: `the run began on ${began.description} and goes on with ${device.description}; its last bits may differ.` }) };
  }
  const changed: RunRecord = {
    ...record, device: { name: device.name, description: device.description, threads: device.threads, peakFlops: await measurePeak() },
    earlierDevices: [...record.earlierDevices ?? [], began.description],
  };
  await writeRun(folder, changed);
  return { device, record: changed, note: `the run leaves ${began.description} and goes on with ${device.description}, as asked: from here on its numbers differ in their last digits from those of a run on one device.` };
}
