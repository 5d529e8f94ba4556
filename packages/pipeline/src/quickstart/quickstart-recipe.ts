import type { Flags, LifecycleRecipe, StepRecipe } from '../lifecycle/recipe-shape.ts';

export interface QuickstartRecipeOptions {
  /** The step that makes the model that the others begin with. */
  readonly base: StepRecipe;
  readonly seed: number;
  /** Trained for less time than it needs: gates ask that each stage makes it better, and no more. */
  readonly brief: boolean;
  /** Other flags of a stage than the usual ones, for tests. */
  readonly flags?: Readonly<Record<string, Flags>>;
}

const FLAGS: Readonly<Record<'sft' | 'dpo' | 'grpo' | 'student', Flags>> = {
  sft: { steps: 110, batch: 16, lr: 1e-3, warmup: 5, 'max-length': 128, packing: 'bfd', 'eval-answers': 128, 'eval-every': 55 },
  dpo: { steps: 40, batch: 16, lr: 6e-4, warmup: 4, 'max-length': 128, judge: ['fewer-words'], 'max-tokens': 32, 'eval-questions': 64, 'eval-every': 20 },
  grpo: { steps: 100, batch: 8, samples: 8, lr: 3e-4, warmup: 3, 'max-tokens': 24, reward: ['summary'], 'eval-every': 25 },
  student: {
    layers: 1, keep: '0', 'text-share': 0.5, loss: 'hinton', alpha: 0.9, temperature: 1, steps: 80, batch: 16, lr: 2e-3, warmup: 8, 'max-length': 128, 'eval-answers': 128, 'eval-every': 40,
  },
};

/** Where a stage's records are. */
const data = (train: string, held: string): Flags => ({ data: [`\${questions}/${train}.jsonl`], 'eval-data': [`\${questions}/${held}.jsonl`] });

/**
 * The life of the quickstart: from text to a model that answers questions about the declarations of the installed packages, prefers the
 * shorter answer, and has found out by rewards what it was never shown; and to a student of a third of its layers, in few bits and as files for
 * other programs.
 *
 * Its gates ask for what a model of two million parameters reaches in minutes: the defaults (`gate: pretrain` and the others) are for
 * models a thousand times its size.
 */
export function quickstartRecipe({ base, seed, brief, flags = {} }: QuickstartRecipeOptions): LifecycleRecipe {
  const stage = (name: keyof typeof FLAGS): Flags => ({ ...flags[name] ?? FLAGS[name], seed });
  return {
    lifecycle: 'quickstart', description: 'From text to a model that answers, prefers, and has found out by rewards what it was never shown; and to a small one for other programs.',
    values: { 'bits-per-byte-below': brief ? 8 : 2.2, 'answers-above': brief ? -1 : 0.4, 'small-answers-above': brief ? -1 : 0.3, 'wins-above': brief ? -1 : 0.5, 'rewards-above': brief ? -1 : 0.5, 'quality-drop-below': brief ? 100 : 0.2, 'rounding-drop-below': 0.05 },
    steps: {
      base: { ...base, gate: [{ metric: 'bits_per_byte', below: '${bits-per-byte-below}', paired: 'perplexity' }, { metric: 'loss', below: -0.05, change_from: 'before' }], show: 'bits_per_byte' },
      questions: { run: 'questions', description: 'Making questions from the documented declarations: what they do, and what they are.', with: { seed } },
      sft: {
        run: 'sft', description: 'Teaching it to answer: what a declaration does, and what it is.', with: { model: '${base}', ...data('instructions', 'heldInstructions'), ...stage('sft') },
        gate: [{ metric: 'instruction_follow', above: '${answers-above}', beside: ['task_completion'] }], alternative: { ...stage('sft'), steps: 2 * Number(stage('sft').steps) },
      },
      dpo: {
        run: 'dpo', description: 'Teaching it a preference: of two descriptions the shorter.', with: { model: '${sft}', ...data('comparisons', 'heldComparisons'), ...stage('dpo') },
        gate: [{ metric: 'preference_win_rate', above: '${wins-above}' }], alternative: { ...stage('dpo'), steps: 2 * Number(stage('dpo').steps) },
      },
      grpo: {
        // Preferences are learned beside rewards, not before them: both begin with the model that answers.
        run: 'grpo', description: 'Letting it find out by rewards what a question asks that it never saw answered: a sentence of three to six words.', with: { model: '${sft}', ...data('tasks', 'heldTasks'), ...stage('grpo') },
        gate: [{ metric: 'val/reward', above: '${rewards-above}' }],
      },
      student: {
        run: 'distill', description: 'Teaching a student of one layer what the model of three says, of answers and of text.', with: { model: '${sft}', text: ['${base}'], ...data('instructions', 'heldInstructions'), ...stage('student') },
        gate: [{ metric: 'quality_drop', below: '${quality-drop-below}', beside: ['size_reduction', 'speed_up'] }], show: 'val/exact_match', alternative: { ...stage('student'), steps: 2 * Number(stage('student').steps) },
      },
      int8: {
        run: 'quantize', description: 'Putting the weights of the student into eight bits.', with: { run: '${student}', method: 'hqq', bits: 8, sensitivity: false },
        gate: [{ metric: 'quality_drop', below: '${rounding-drop-below}', beside: ['size_reduction', 'speed_up'] }], show: 'perplexity',
      },
      eval: {
        run: 'eval', description: 'Asking the small model what it never saw: held-out declarations, answered to the letter.',
        with: { run: '${int8}', tasks: ['declarations'], 'task-files': '${questions}/tasks', 'task-data': '${questions}/tasks', 'apply-chat-template': true, limit: 128, 'bootstrap-iters': 0, ...flags.eval },
        gate: [{ metric: 'results/declarations/exact_match,none', above: '${small-answers-above}' }],
      },
      gguf: { run: 'export', description: 'For llama.cpp and all that builds on it.', with: { format: 'gguf', run: '${student}', type: 'q8_0' } },
      onnx: { run: 'export', description: 'For transformers.js and ONNX Runtime.', with: { format: 'onnx', run: '${student}', type: 'q8' } },
    },
  };
}
