import { type DeviceChoice, DEFAULTS, type Field, FIELDS, type Settings, SIZES } from '../settings.ts';
import { byId, make } from './elements.ts';

/** The controls of a run. */
export interface SettingsForm {
  read(): Settings;
  readonly device: DeviceChoice;
  onDevice(listener: () => void): void;
  /** Takes this device unless the visitor has chosen one; true where that changes anything. */
  suggestDevice(suggested: DeviceChoice): boolean;
}

/** Builds the advanced settings and ties them to the choice of a size. */
export function createSettingsForm(): SettingsForm {
  const size = byId('size', HTMLSelectElement);
  const minutes = byId('minutes', HTMLSelectElement);
  const device = byId('device', HTMLSelectElement);
  const inputs = new Map<Field['name'], HTMLInputElement>();
  byId('fields', HTMLDivElement).append(...FIELDS.map(({ name, label, hint, min, max, step }) => {
    const id = `set-${name}`;
    const value = DEFAULTS[name];
    const input = make('input', { attributes: { type: 'number', id, min: String(min), max: String(max), step: String(step), value: value === null ? '' : String(value), 'aria-describedby': `${id}-hint`, inputmode: 'decimal' } });
    inputs.set(name, input);
    if (name in SIZES.small) input.addEventListener('input', () => { size.value = 'custom'; });
    return make('div', { className: 'field' }, [make('label', { text: label, attributes: { for: id } }), input, make('span', { className: 'hint', text: hint, attributes: { id: `${id}-hint` } })]);
  }));
  size.addEventListener('change', () => {
    if (size.value === 'custom') {
      byId('advanced', HTMLDetailsElement).open = true;
      return;
    }
    for (const [name, value] of Object.entries(SIZES[size.value as keyof typeof SIZES])) inputs.get(name as Field['name'])!.value = String(value);
  });
  let chosen = false;
  device.addEventListener('change', () => { chosen = true; });
  const choice = (): DeviceChoice => device.value as DeviceChoice;
  return {
    read() {
      const numbers = Object.fromEntries([...inputs].map(([name, { value, valueAsNumber }]) => [name, value === '' ? null : valueAsNumber]));
      return { ...DEFAULTS, ...numbers, minutes: Number(minutes.value), device: choice() };
    },
    get device() { return choice(); },
    onDevice: (listener) => device.addEventListener('change', listener),
    suggestDevice(suggested) {
      if (chosen || suggested === choice()) return false;
      device.value = suggested;
      return true;
    },
  };
}
