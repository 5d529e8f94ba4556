/** How an item of a task is asked: choices after a query, contexts before a continuation, or a continuation to be written. */
export type CoreKind = 'multiple_choice' | 'schema' | 'language_modeling';

/** One of the tasks of CORE. */
export interface CoreTask {
  readonly label: string;
  /** Where its items are in the bundle that DCLM's evaluations come in. */
  readonly file: string;
  readonly kind: CoreKind;
  /** Examples before each item. */
  readonly shots: number;
  /** What stands between a query and its answer. */
  readonly delimiter: string;
  /** What guessing gives. */
  readonly chance: number;
}

const ANSWER = '\nAnswer: ';
const task = (label: string, file: string, [kind, shots, chance]: readonly [CoreKind, number, number], delimiter = ' '): CoreTask => ({ label, file: `${file}.jsonl`, kind, shots, delimiter, chance });

/** The 22 tasks of CORE, as DCLM's 22 low-variance tasks are asked in nanochat's bundle. */
export const coreTasks: readonly CoreTask[] = [
  task('hellaswag_zeroshot', 'language_understanding/hellaswag', ['multiple_choice', 0, 0.25]),
  task('jeopardy', 'world_knowledge/jeopardy_all', ['language_modeling', 10, 0], ANSWER),
  task('bigbench_qa_wikidata', 'world_knowledge/bigbench_qa_wikidata', ['language_modeling', 10, 0]),
  task('arc_easy', 'world_knowledge/arc_easy', ['multiple_choice', 10, 0.25], ANSWER),
  task('arc_challenge', 'world_knowledge/arc_challenge', ['multiple_choice', 10, 0.25], ANSWER),
  task('copa', 'commonsense_reasoning/copa', ['multiple_choice', 0, 0.5]),
  task('commonsense_qa', 'commonsense_reasoning/commonsense_qa', ['multiple_choice', 10, 0.2]),
  task('piqa', 'commonsense_reasoning/piqa', ['multiple_choice', 10, 0.5], ANSWER),
  task('openbook_qa', 'commonsense_reasoning/openbook_qa', ['multiple_choice', 0, 0.25]),
  task('lambada_openai', 'language_understanding/lambada_openai', ['language_modeling', 0, 0]),
  task('hellaswag', 'language_understanding/hellaswag', ['multiple_choice', 10, 0.25]),
  task('winograd', 'language_understanding/winograd_wsc', ['schema', 0, 0.5]),
  task('winogrande', 'language_understanding/winogrande', ['schema', 0, 0.5]),
  task('bigbench_dyck_languages', 'symbolic_problem_solving/bigbench_dyck_languages', ['language_modeling', 10, 0]),
  task('agi_eval_lsat_ar', 'symbolic_problem_solving/agi_eval_lsat_ar', ['multiple_choice', 3, 0.2]),
  task('bigbench_cs_algorithms', 'symbolic_problem_solving/bigbench_cs_algorithms', ['language_modeling', 10, 0]),
  task('bigbench_operators', 'symbolic_problem_solving/bigbench_operators', ['language_modeling', 10, 0]),
  task('bigbench_repeat_copy_logic', 'symbolic_problem_solving/bigbench_repeat_copy_logic', ['language_modeling', 10, 0]),
  task('squad', 'reading_comprehension/squad', ['language_modeling', 10, 0]),
  task('coqa', 'reading_comprehension/coqa', ['language_modeling', 0, 0]),
  task('boolq', 'reading_comprehension/boolq', ['multiple_choice', 10, 0.62], ANSWER),
  task('bigbench_language_identification', 'language_understanding/bigbench_language_identification', ['multiple_choice', 10, 0.091]),
];
