import type { TaskConfig } from '../tasks/task-config.ts';
import { generationKwargs } from '../tasks/create-task.ts';

/** `docToText` → `doc_to_text`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const snakeKeys = (value: object): Record<string, unknown> => Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined).map(([key, each]) => [snakeCase(key), printable(each)]));
const printable = (value: unknown): unknown => (typeof value === 'function' ? value.name || 'function' : typeof value === 'object' && value !== null && 'of' in value && 'name' in value ? value.name : value);

/** A task's configuration under the names that lm-evaluation-harness's YAML has, defaults included and functions by name. */
export function writtenConfig(config: TaskConfig, numFewshot: number): Record<string, unknown> {
  const { metricList, filterList, generationKwargs: _, fewshotConfig, ...rest } = config;
  return {
    description: '', target_delimiter: ' ', fewshot_delimiter: '\n\n', repeats: 1, should_decontaminate: false, unsafe_code: false, output_type: 'generate_until',
    ...snakeKeys(rest),
    num_fewshot: numFewshot,
    ...(fewshotConfig === undefined ? {} : { fewshot_config: snakeKeys(fewshotConfig) }),
    ...(metricList === undefined ? {} : { metric_list: metricList.map(snakeKeys) }),
    ...(filterList === undefined ? {} : { filter_list: filterList.map(({ name, filter }) => ({ name, filter: filter.map(snakeKeys) })) }),
    ...((config.outputType ?? 'generate_until') === 'generate_until' ? { generation_kwargs: snakeKeys(generationKwargs(config)) } : {}),
  };
}

/** Kwargs of a generation under their names there. */
export { snakeKeys };
