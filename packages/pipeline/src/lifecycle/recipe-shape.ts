/** A value of a flag as a recipe writes it; texts may hold references, `${sft}`. */
export type FlagValue = string | number | boolean | readonly (string | number)[];
export type Flags = Readonly<Record<string, FlagValue>>;

/**
 * The recipe of a lifecycle: steps in their order, each a command of `llm` with its flags, or a module of the user's.
 *
 * @example
 * ```ts
 * import type { LifecycleRecipe } from '@llm/pipeline';
 * const recipe: LifecycleRecipe = {
 *   lifecycle: 'small',
 *   steps: {
 *     base: { run: 'pretrain', with: { data: ['docs'], minutes: 2 }, gate: [{ metric: 'bits_per_byte', below: 2.5 }] },
 *     sft: { run: 'sft', with: { model: '${base}', data: ['pairs.jsonl'] }, gate: 'sft', alternative: { epochs: 6 } },
 *   },
 * };
 * if (Object.keys(recipe.steps).length !== 2) throw new Error('two steps');
 * ```
 */
export interface LifecycleRecipe {
  /** Its name, and that of its folder in `runs/`. */
  readonly lifecycle: string;
  readonly description?: string;
  /** Named values that steps refer to; `--set name=value` replaces them. */
  readonly values?: Readonly<Record<string, FlagValue>>;
  readonly steps: Readonly<Record<string, StepRecipe>>;
  /** How often the steps that depend on `${round}` or on a result of the round before are done at most; it ends with the first round that passes its gates. Default 1. */
  readonly rounds?: number;
  readonly search?: SearchRecipe;
}

/** One step. */
export interface StepRecipe {
  /** A command of `llm`, or a module (`./collect.mjs`) whose default export is called. */
  readonly run: string;
  /** Told when it begins. */
  readonly description?: string;
  readonly with?: Flags;
  /** Steps that come before this one beside those that it refers to. */
  readonly needs?: readonly string[];
  /** What it must have reached for the life to go on: the name of a default gate, or criteria. */
  readonly gate?: string | readonly (string | Criterion)[];
  /** Other flags for a second try where a gate failed; several are tried in turn. */
  readonly alternative?: Flags | readonly Flags[];
  /** The earlier step that is tried again with its alternative where this gate failed; default this step. */
  readonly rollback?: string;
  /** The figure that tables show of this step; default that of its gate, or the first that its command is known for. */
  readonly show?: string;
}

/** One thing that a gate asks for: a figure above or below a number, or both. */
export interface Criterion {
  readonly metric: string;
  /** Numbers, or a value of the recipe that is one: `${most}`. */
  readonly above?: number | string;
  readonly below?: number | string;
  /** A figure that must have been measured with it, since it means little alone. */
  readonly paired?: string;
  /** Figures that are told beside it where they were measured. */
  readonly beside?: readonly string[];
  /** The step that measured it; default the step of the gate. */
  readonly of?: string;
  /** Compare with this step, or with `before`: what is asked for is then the relative change, (value − other) / |other|. */
  readonly change_from?: string;
}

/** Trials of the same life with other values. */
export interface SearchRecipe {
  /** The step, and the figure of it, by which trials are compared. */
  readonly step: string;
  readonly metric: string;
  readonly goal: 'least' | 'most';
  /** Every combination; keys are `step.flag` or the name of a value. */
  readonly grid?: Readonly<Record<string, readonly (string | number | boolean)[]>>;
  /** So many draws from ranges and lists. */
  readonly random?: Readonly<Record<string, RandomRange | readonly (string | number | boolean)[]>>;
  /** Draws of `random`; default 8. */
  readonly trials?: number;
  readonly seed?: number;
  /** Losers stop early: all trials begin with `least` of a flag, the best go on with `factor` times as much, up to what the recipe says. */
  readonly halving?: { readonly flag: string; readonly least: number; readonly factor?: number };
}

/** A number between two others, drawn evenly, or evenly in its logarithm. */
export interface RandomRange {
  readonly from: number;
  readonly to: number;
  readonly log?: boolean;
  readonly whole?: boolean;
}
