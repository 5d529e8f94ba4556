import type { STORED } from './stored.ts';
import type { StageOptions } from '../commands/stage-args.ts';

/** What the flags of distillation say; those of adapters are not among them. */
export interface DistillOptions extends Omit<StageOptions, 'lora' | 'lora-alpha' | 'lora-targets' | 'lora-dropout' | 'lora-variant' | 'base'> {
  readonly student?: string | undefined;
  readonly layers?: number | undefined;
  readonly keep: string;
  readonly width?: number | undefined;
  readonly 'mlp-width'?: number | undefined;
  readonly 'width-by': string;
  readonly loss: string;
  readonly temperature?: number | undefined;
  readonly alpha?: number | undefined;
  readonly beta: number;
  readonly ratio: number;
  readonly lambda?: number | undefined;
  readonly 'max-tokens': number;
  readonly states: number;
  readonly cache?: number | undefined;
  readonly 'teacher-bits': (typeof STORED)[number];
  readonly text?: string[] | undefined;
  readonly 'text-share': number;
  readonly 'eval-answers': number;
  readonly 'eval-rows': number;
}
