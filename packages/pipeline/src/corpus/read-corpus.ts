import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLedger, type Document, type Dropped, filterDocuments, type Ledger } from '@llm/data-quality';
import { documentationFiles, readDocuments } from '@llm/data-quality/node';
import { CliError } from '../cli/cli-error.ts';
import type { FilterSet } from './filters.ts';

/** What became of one document. */
export interface Decision {
  readonly id: string;
  readonly characters: number;
  readonly kept: boolean;
  readonly reason?: string;
  readonly measured?: number;
  readonly threshold?: number;
}

/** How a dropped document begins, to judge the rule by. */
export interface DropExample {
  readonly id: string;
  readonly reason: string;
  readonly measured: number;
  readonly text: string;
}

export interface Corpus {
  readonly documents: AsyncIterable<Document>;
  /** Complete once `documents` has been read to its end. */
  readonly ledger: Ledger;
  /** One for each reason. */
  readonly examples: readonly DropExample[];
}

export interface ReadCorpusOptions {
  /** Files and folders; default: the documentation of the installed packages. */
  readonly paths?: readonly string[] | undefined;
  readonly filters: FilterSet;
  readonly cwd: string;
  readonly signal?: AbortSignal | undefined;
  readonly onDecision?: (decision: Decision) => void;
  readonly skipBad?: number;
  readonly textField?: string;
}

const EXAMPLE_CHARACTERS = 240;

/** Documents that pass the filters, one at a time, with the account of those that do not. */
export function readCorpus({ paths, filters, cwd, signal, onDecision, skipBad, textField }: ReadCorpusOptions): Corpus {
  const ledger = createLedger();
  const examples = new Map<string, DropExample>();
  const options = {
    ledger, skipUnreadable: paths === undefined, ...(signal === undefined ? {} : { signal }),
    ...(skipBad === undefined ? {} : { skipBad }), ...(textField === undefined ? {} : { textField }),
  };
  const onDrop = ({ id, text }: Document, { reason, measured, threshold }: Dropped): void => {
    onDecision?.({ id, characters: text.length, kept: false, reason, measured, threshold });
    if (!examples.has(reason)) examples.set(reason, { id, reason, measured, text: text.slice(0, EXAMPLE_CHARACTERS) });
  };
  async function* documents(): AsyncGenerator<Document> {
    const source = paths === undefined ? documentationDocuments(cwd, options) : readDocuments(paths.map((path) => resolve(cwd, path)), options);
    for await (const document of filterDocuments(source, filters.filters(), { ledger, onDrop })) {
      onDecision?.({ id: document.id, characters: document.text.length, kept: true });
      yield document;
    }
  }
  return { documents: documents(), ledger, get examples() { return [...examples.values()]; } };
}

/** The nearest `node_modules`: of the user's project, or else the one that this package itself lies in. */
export function findModules(cwd: string, from: string = dirname(fileURLToPath(import.meta.url))): string {
  for (const start of [cwd, from]) {
    for (let folder = start; ; folder = dirname(folder)) {
      const modules = join(folder, 'node_modules');
      // A package of a workspace has links only; the documentation lies with the workspace.
      if (existsSync(join(modules, '.pnpm')) || existsSync(join(modules, '.package-lock.json')) || existsSync(join(modules, '.yarn-state.yml'))) return modules;
      if (dirname(folder) === folder) break;
    }
  }
  throw new CliError('E_NO_CORPUS', `llm quickstart: expected a node_modules folder, whose documentation is the default text, above ${cwd} but found none. Name your own text with --data PATH.`);
}

async function* documentationDocuments(cwd: string, options: NonNullable<Parameters<typeof readDocuments>[1]>): AsyncGenerator<Document> {
  const files: string[] = [];
  for await (const path of documentationFiles(findModules(cwd), options.signal === undefined ? {} : { signal: options.signal })) files.push(path);
  for await (const document of readDocuments(files, { ...options, root: '/' })) {
    const id = document.id.slice(document.id.lastIndexOf('node_modules/') + 'node_modules/'.length);
    yield { ...document, id, source: id };
  }
}
