import { EvalError } from '../eval-error.ts';
import type { AggregateMetric, TaskGroup } from '../run/group.ts';
import type { TaskConfig } from '../tasks/task-config.ts';
import { isNamedFunction } from './parse-yaml.ts';

/** Functions of the caller by the name that YAML files give them: `utils.process_docs`, or with the file's folder before, `hellaswag/utils.process_docs`. */
export type TaskFunctions = Readonly<Record<string, (...args: never[]) => unknown>>;

/** Where a mapping is from, and the functions that it may name. */
export interface YamlSource {
  /** The file, as errors call it. */
  readonly file: string;
  readonly functions: TaskFunctions;
}

type Mapping = Readonly<Record<string, unknown>>;

const TASK_KEYS = new Set([
  'task', 'task_alias', 'tag', 'dataset_path', 'dataset_name', 'dataset_kwargs', 'training_split', 'validation_split', 'test_split', 'fewshot_split', 'process_docs', 'doc_to_text', 'doc_to_target',
  'doc_to_choice', 'unsafe_code', 'process_results', 'description', 'target_delimiter', 'fewshot_delimiter', 'fewshot_config', 'num_fewshot', 'metric_list', 'output_type', 'generation_kwargs', 'repeats',
  'filter_list', 'should_decontaminate', 'doc_to_decontamination_query', 'gen_prefix', 'metadata',
]);
const OTHERS: Readonly<Record<string, string>> = {
  class: 'tasks that are classes of Python', use_prompt: 'prompts of promptsource', doc_to_image: 'images', doc_to_audio: 'sound', custom_dataset: 'datasets made by Python',
};
const GROUP_KEYS = new Set(['group', 'group_alias', 'task', 'aggregate_metric_list', 'aggregate_metric', 'metadata', 'tag']);
const FEWSHOT_KEYS = new Set(['sampler', 'split', 'process_docs', 'fewshot_indices', 'samples', 'doc_to_text', 'doc_to_choice', 'doc_to_target', 'gen_prefix', 'fewshot_delimiter', 'target_delimiter']);
const GENERATION: Readonly<Record<string, string>> = {
  until: 'until', max_gen_toks: 'maxGenToks', max_new_tokens: 'maxGenToks', max_tokens: 'maxGenToks', max_completion_tokens: 'maxGenToks', do_sample: 'doSample', temperature: 'temperature', top_p: 'topP', top_k: 'topK',
};
const OUTPUT_TYPES = new Set(['loglikelihood', 'loglikelihood_rolling', 'generate_until', 'multiple_choice']);

const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The configuration of a task that a YAML file holds; EvalError E_TASK_YAML for what no task has, E_TASK_FUNCTION for a function that nobody gave. */
export function taskFromYaml(mapping: Mapping, source: YamlSource): TaskConfig {
  const { file } = source;
  const config: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(mapping)) {
    if (value === null && key !== 'dataset_name') continue;
    if (OTHERS[key] !== undefined) throw new EvalError('E_TASK_YAML', `${file}: expected a task that this package can do but found ${key}: ${OTHERS[key]} are not supported. Leave the task out.`);
    checkKey(key, TASK_KEYS, source);
    if (key !== 'dataset_kwargs') config[camelCase(key)] = converted(key, resolvedFunctions(value, source), source);
  }
  if (typeof config.task !== 'string') throw new EvalError('E_TASK_YAML', `${file}: expected task to be a name but found ${JSON.stringify(config.task)}. Name the task.`);
  if (config.outputType !== undefined && !OUTPUT_TYPES.has(config.outputType as string)) throw new EvalError('E_TASK_YAML', `${file}: expected output_type to be one of ${[...OUTPUT_TYPES].join(', ')} but found ${JSON.stringify(config.outputType)}. Correct it.`);
  return config as unknown as TaskConfig;
}

/** The group that a YAML file holds, and what it says of tasks that are written inside it. */
export function groupFromYaml(mapping: Mapping, source: YamlSource): { group: TaskGroup; inner: readonly Mapping[] } {
  for (const key of Object.keys(mapping)) checkKey(key, GROUP_KEYS, source);
  const { group, group_alias: alias, task = [], aggregate_metric_list: metrics, metadata } = mapping;
  const members = [task].flat() as unknown[];
  const inner = members.filter((member): member is Mapping => typeof member === 'object' && member !== null);
  const names = members.map((member) => (typeof member === 'string' ? member : String((member as Mapping).group ?? (member as Mapping).task)));
  return {
    inner,
    group: {
      group: String(group), tasks: names,
      ...(typeof alias === 'string' ? { groupAlias: alias } : {}),
      ...(metrics === undefined || metrics === null ? {} : { aggregateMetricList: [metrics].flat().map((each) => aggregateMetric(each as Mapping)) }),
      ...(typeof metadata === 'object' && metadata !== null ? { metadata: metadata as Mapping } : {}),
    },
  };
}

function aggregateMetric({ metric, weight_by_size: weightBySize, filter_list: filterList }: Mapping): AggregateMetric {
  return {
    metric: String(metric), ...(typeof weightBySize === 'boolean' ? { weightBySize } : {}),
    ...(filterList === undefined || filterList === null ? {} : { filterList: [filterList].flat().map(String) }),
  };
}

function checkKey(key: string, known: ReadonlySet<string>, { file }: YamlSource): void {
  if (known.has(key)) return;
  const near = [...known].map((name) => ({ name, distance: distance(name, key) })).sort((a, b) => a.distance - b.distance)[0]!;
  throw new EvalError('E_TASK_YAML', `${file}: expected keys that a task or group has but found ${key}.${near.distance <= 3 ? ` Did you mean ${near.name}?` : ''} Known are ${[...known].join(', ')}.`);
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1])));
    row = next;
  }
  return row[b.length]!;
}

/** The value with functions in place of their names. */
function resolvedFunctions(value: unknown, source: YamlSource): unknown {
  if (isNamedFunction(value)) return functionNamed(value.function, source);
  if (Array.isArray(value)) return value.map((each) => resolvedFunctions(each, source));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolvedFunctions(each, source)]));
}

function functionNamed(name: string, { file, functions }: YamlSource): unknown {
  const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/') + 1) : '';
  for (const known of [folder + name, name]) if (Object.hasOwn(functions, known)) return functions[known];
  throw new EvalError('E_TASK_FUNCTION', `${file}: expected a function for !function ${name} but found none of that name. Pass it as functions: { ${JSON.stringify(folder + name)}: … }; what it does is in the file of Python beside the task.`);
}

/** A value of a task under the names that it has here. */
function converted(key: string, value: unknown, source: YamlSource): unknown {
  const mapping = (each: unknown, what: string): Mapping => {
    if (typeof each === 'object' && each !== null && !Array.isArray(each)) return each as Mapping;
    throw new EvalError('E_TASK_YAML', `${source.file}: expected ${what} to be a mapping but found ${JSON.stringify(each)}. Correct it.`);
  };
  const camel = (each: Mapping): Record<string, unknown> => Object.fromEntries(Object.entries(each).map(([name, inner]) => [camelCase(name), inner]));
  const list = (what: string): unknown[] => {
    if (Array.isArray(value)) return value;
    throw new EvalError('E_TASK_YAML', `${source.file}: expected ${what} to be a list but found ${JSON.stringify(value)}. Correct it.`);
  };
  switch (key) {
    case 'metric_list': return list(key).map((each) => {
      const { hf_evaluate: hub, ...rest } = mapping(each, key);
      if (hub === true) throw new EvalError('E_TASK_YAML', `${source.file}: expected metrics of this package but found ${JSON.stringify(rest.metric)} with hf_evaluate, which are programs of Python. Pass a function.`);
      return camel(rest);
    });
    case 'filter_list': return list(key).map((each) => {
      const { name, filter } = mapping(each, key);
      return { name: String(name), filter: (filter as unknown[]).map((step) => camel(mapping(step, 'a filter'))) };
    });
    case 'fewshot_config': {
      for (const name of Object.keys(mapping(value, key))) checkKey(name, FEWSHOT_KEYS, source);
      return camel(mapping(value, key));
    }
    case 'generation_kwargs': return Object.fromEntries(Object.entries(mapping(value, key)).filter(([, each]) => each !== null).map(([name, each]) => {
      const known = GENERATION[name];
      if (known === undefined) throw new EvalError('E_TASK_YAML', `${source.file}: expected generation_kwargs of ${Object.keys(GENERATION).join(', ')} but found ${name}. Leave it out.`);
      return [known, known === 'until' ? [each].flat() : known === 'temperature' ? Number(each) : each];
    }));
    default: return value;
  }
}
