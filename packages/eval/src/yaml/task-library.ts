import { EvalError } from '../eval-error.ts';
import type { TaskGroup } from '../run/group.ts';
import type { TaskConfig } from '../tasks/task-config.ts';
import { parseYaml } from './parse-yaml.ts';
import { groupFromYaml, taskFromYaml, type TaskFunctions } from './task-from-yaml.ts';

/** Tasks to measure, and the groups over them. */
export interface TaskSelection {
  readonly tasks: readonly TaskConfig[];
  readonly groups: readonly TaskGroup[];
}

/** Tasks, groups and tags of YAML files. */
export interface TaskLibrary {
  /** The names of tasks, groups and tags. */
  readonly names: readonly string[];
  /** The tasks of that name, of a group with all below it, or of a tag. */
  select(names: readonly string[]): TaskSelection;
}

type Mapping = Readonly<Record<string, unknown>>;
interface Entry { readonly file: string; readonly mapping: Mapping }

const DEEPEST = 20;

/**
 * Reads tasks, groups and tags from YAML files as lm-evaluation-harness has them: `include` beside the file, `!function` by name from the
 * caller's table, a `tag` as all tasks that have it. Files are read when they are asked for, and a task whose function is missing is an
 * error only then.
 *
 * @param files The texts of files by their paths, with `/` between folders.
 * @throws EvalError E_TASK_YAML for a file that cannot be read, an include that is missing or goes round, and a name that nothing has;
 *   E_TASK_FUNCTION for a function that is not in the table.
 *
 * @example
 * ```ts
 * import { taskLibrary } from '@llm/eval';
 * const library = taskLibrary({
 *   'sums.yaml': 'task: sums\ntest_split: test\ndoc_to_text: "{{a}}+{{b}}="\ndoc_to_target: !function utils.sum\n',
 * }, { functions: { 'utils.sum': (doc: { a: number; b: number }) => String(doc.a + doc.b) } });
 * const [sums] = library.select(['sums']).tasks;
 * if (typeof sums!.docToTarget !== 'function') throw new Error('a function by name');
 * ```
 */
export function taskLibrary(files: Readonly<Record<string, string>>, { functions = {} }: { functions?: TaskFunctions } = {}): TaskLibrary {
  const parsed = new Map<string, Mapping>();
  const raw = (file: string): Mapping => {
    const known = parsed.get(file);
    if (known !== undefined) return known;
    const text = Object.hasOwn(files, file) ? files[file]! : undefined;
    if (text === undefined) throw new EvalError('E_TASK_YAML', `${file}: expected a file to include but found none. Give it beside the others.`);
    const mapping = parseYaml(text, file);
    parsed.set(file, mapping);
    return mapping;
  };
  /** A file with what it includes; its own keys win. */
  const whole = (file: string, above: readonly string[] = []): Mapping => {
    if (above.includes(file) || above.length > DEEPEST) throw new EvalError('E_TASK_YAML', `${file}: expected includes that end but found ${[...above, file].join(' → ')}. Take one out.`);
    const { include, ...own } = raw(file);
    const included = include === undefined || include === null ? [] : [include].flat().map((path) => beside(file, String(path)));
    const merged = included.reduce<Mapping>((all, path) => {
      const { task_list: _, ...rest } = whole(path, [...above, file]);
      return { ...all, ...rest };
    }, {});
    return { ...merged, ...own };
  };

  const entries = new Map<string, Entry>();
  const tags = new Map<string, string[]>();
  for (const file of Object.keys(files).filter((path) => path.endsWith('.yaml') || path.endsWith('.yml')).sort()) {
    const mapping = whole(file);
    const name = mapping.group ?? mapping.task;
    // Only to be included.
    if (typeof name !== 'string') continue;
    if (entries.has(name)) throw new EvalError('E_TASK_YAML', `${file}: expected a name of its own but found ${name}, which ${entries.get(name)!.file} has. Rename one.`);
    entries.set(name, { file, mapping });
    for (const tag of mapping.group === undefined ? [mapping.tag ?? []].flat() : []) tags.set(String(tag), [...tags.get(String(tag)) ?? [], name]);
  }

  function select(names: readonly string[]): TaskSelection {
    const tasks = new Map<string, TaskConfig>();
    const groups = new Map<string, TaskGroup>();

    function add(name: string, { above = [], overrides = {} }: { above?: readonly string[]; overrides?: Mapping } = {}): string[] {
      if (above.includes(name)) throw new EvalError('E_TASK_YAML', `${entries.get(name)?.file ?? name}: expected groups that do not hold themselves but found ${[...above, name].join(' → ')}. Take one out.`);
      const entry = entries.get(name);
      if (entry === undefined) {
        const tagged = tags.get(name);
        if (tagged !== undefined) return tagged.flatMap((each) => add(each, { above, overrides }));
        throw new EvalError('E_TASK_YAML', `expected a task, a group or a tag but found ${name}. Known are ${[...entries.keys(), ...tags.keys()].slice(0, 50).join(', ')}.`);
      }
      if (entry.mapping.group !== undefined) return addGroup(entry.mapping, entry.file, above);
      if (!tasks.has(name)) tasks.set(name, taskFromYaml({ ...entry.mapping, ...overrides }, { file: entry.file, functions }));
      return [name];
    }

    /** A group and all below it: of names, or of tasks and groups that are written in it. */
    function addGroup(mapping: Mapping, file: string, above: readonly string[]): string[] {
      const { group, inner } = groupFromYaml(mapping, { file, functions });
      const path = [...above, group.group];
      const members = group.tasks.flatMap((name) => {
        const written = inner.find((each) => (each.group ?? each.task) === name);
        if (written?.group !== undefined) return addGroup(written, file, path);
        if (written !== undefined && !entries.has(name)) {
          tasks.set(name, taskFromYaml(written, { file, functions }));
          return [name];
        }
        return add(name, { above: path, overrides: written ?? {} });
      });
      groups.set(group.group, { ...group, tasks: members });
      return [group.group];
    }

    for (const name of names) add(name);
    return { tasks: [...tasks.values()], groups: [...groups.values()] };
  }

  return { names: [...entries.keys(), ...tags.keys()], select };
}

/** A path as the file that names it means it. */
function beside(file: string, path: string): string {
  const parts = path.startsWith('/') ? [] : file.split('/').slice(0, -1);
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
