import { type Rotation, tensor } from '@llm/tensor';

/** How rotary frequencies change for contexts longer than trained; the names are those of config.json. */
export type RopeScaling =
  | { readonly type: 'default' }
  | { readonly type: 'linear'; readonly factor: number }
  | {
    readonly type: 'llama3';
    readonly factor: number;
    readonly lowFreqFactor: number;
    readonly highFreqFactor: number;
    readonly originalMaxPositions: number;
  };

export interface RotationOptions {
  readonly headDim: number;
  readonly positions: number;
  readonly theta: number;
  readonly scaling?: RopeScaling;
}

/**
 * The angular frequencies of rotary embedding: ω_i = theta^(−2i / headDim), scaled.
 *
 * `linear` divides all by the factor. `llama3` leaves wavelengths below original/highFreqFactor alone, divides those above
 * original/lowFreqFactor, and interpolates between (Llama 3 herd, https://arxiv.org/abs/2407.21783).
 */
export function frequencies({ headDim, theta, scaling = { type: 'default' } }: Omit<RotationOptions, 'positions'>): Float64Array {
  return Float64Array.from({ length: headDim / 2 }, (_, i) => {
    const frequency = theta ** (-(2 * i) / headDim);
    if (scaling.type === 'default') return frequency;
    if (scaling.type === 'linear') return frequency / scaling.factor;
    const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = scaling;
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < originalMaxPositions / highFreqFactor) return frequency;
    if (wavelength > originalMaxPositions / lowFreqFactor) return frequency / factor;
    const smooth = (originalMaxPositions / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

/** Tables of cos and sin of position · frequency, [positions, headDim / 2] each. */
export function rotation(options: RotationOptions): Rotation {
  const omega = frequencies(options);
  const half = omega.length;
  const cos = new Float32Array(options.positions * half);
  const sin = new Float32Array(options.positions * half);
  for (let position = 0; position < options.positions; position++) {
    for (let i = 0; i < half; i++) {
      // The product is rounded to f32 first, as the references do, since cos of a large angle feels the rounding.
      const angle = Math.fround(position * Math.fround(omega[i]!));
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  return { cos: tensor(cos, [options.positions, half]), sin: tensor(sin, [options.positions, half]) };
}
