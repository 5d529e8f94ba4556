import { textTemplate, type TextTemplate } from '@llm/tokenizer';
import { EvalError } from '../eval-error.ts';
import { pythonLiteral } from '../python/literal.ts';
import { isDigits } from '../python/text.ts';
import { pythonRegex } from '../regex/python-regex.ts';
import type { Doc } from './doc.ts';
import type { DocField, FewshotConfig, Target, TaskConfig } from './task-config.ts';

/** What a task makes of a document. */
export interface TaskFields {
  /** The question; a number where the choices are questions and this says which is right. */
  text(doc: Doc): string | number;
  target(doc: Doc): Target;
  choices(doc: Doc): readonly string[];
  /** A field of that name, or what a template makes. */
  resolved(doc: Doc, source: string): string;
}

/** One value of a task's fields, where a template is compiled once. */
export interface FieldReader {
  (source: string, doc: Doc): unknown;
}

/**
 * Reads fields and templates as lm-evaluation-harness does: a text that is the name of a field of the documents is that field, any other
 * is a Jinja template.
 *
 * @param features The fields that documents have.
 */
export function fieldReader(features: ReadonlySet<string>): FieldReader {
  const templates = new Map<string, TextTemplate>();
  const filters = { regex_replace: (text: string, [pattern = '', by = '']: readonly (string | number)[]): string => pythonRegex(String(pattern)).replace(text, String(by)) };
  return (source, doc) => {
    if (features.has(source)) return doc[source];
    const template = templates.get(source) ?? textTemplate(source, { filters });
    templates.set(source, template);
    return template.render(doc);
  };
}

type Given = Pick<TaskConfig | FewshotConfig, 'docToText' | 'docToTarget' | 'docToChoice'>;

/** The fields of a task, or of its examples. */
export function taskFields(task: string, { docToText, docToTarget, docToChoice }: Given, read: FieldReader, isField: (source: string) => boolean): TaskFields {
  const chooses = docToChoice !== undefined;
  const fail = (what: string, expected: string, found: unknown): never => {
    throw new EvalError('E_TASK_DATA', `${task}: expected ${what} to give ${expected} but found ${JSON.stringify(found)?.slice(0, 120)}. Check it against the documents.`);
  };
  const given = <Result>(what: string, source: DocField<Result> | number | undefined, doc: Doc): unknown => {
    if (source === undefined) throw new EvalError('E_TASK_CONFIG', `${task}: expected ${what} but found none. Say what it is.`);
    return typeof source === 'function' ? source(doc) : typeof source === 'number' ? source : read(source, doc);
  };
  const isTemplate = (source: unknown): boolean => typeof source === 'string' && !isField(source);

  return {
    text(doc) {
      const found = given('doc_to_text', docToText, doc);
      // Where there are choices, a number says which of them is meant.
      if (typeof found === 'string') return isTemplate(docToText) && chooses && isDigits(found) ? Number(found) : found;
      return typeof found === 'number' ? found : fail('doc_to_text', 'a text', found);
    },
    target(doc) {
      const found = given('doc_to_target', docToTarget, doc);
      if (typeof found === 'boolean') return Number(found);
      if (typeof found === 'number' || Array.isArray(found)) return found as Target;
      if (typeof found !== 'string') return fail('doc_to_target', 'a text, a number or a list', found);
      if (!isTemplate(docToTarget)) return found;
      if (chooses && isDigits(found)) return Number(found);
      return found.length >= 2 && found.startsWith('[') && found.endsWith(']') ? listIn(found) ?? found : found;
    },
    choices(doc) {
      if (docToChoice !== undefined && typeof docToChoice === 'object') return Array.isArray(docToChoice) ? docToChoice as readonly string[] : Object.values(docToChoice as Readonly<Record<string, string>>);
      const found = given('doc_to_choice', docToChoice as DocField<readonly string[]> | undefined, doc);
      const list = typeof found === 'string' && isTemplate(docToChoice) ? pythonLiteral(found) : found;
      return Array.isArray(list) && list.length > 0 && list.every((choice) => typeof choice === 'string') ? list : fail('doc_to_choice', 'a list of texts', list);
    },
    resolved(doc, source) {
      const found = read(source, doc);
      return typeof found === 'string' ? found : fail(source, 'a text', found);
    },
  };
}

/** A list that a template printed; undefined where it only looks like one. */
function listIn(text: string): Target | undefined {
  try {
    return pythonLiteral(text) as Target;
  } catch {
    return undefined;
  }
}
