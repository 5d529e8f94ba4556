// The code that documentation shows: fenced blocks of READMEs and of the @example tags of doc comments.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packages, root, shown, sources } from './workspace.mjs';

/** The fenced blocks of a Markdown text as { language, mark, code, line }; `mark` is what follows the language. */
function blocks(text) {
  return [...text.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm)].map(({ 1: language, 2: mark, 3: code, index }) => (
    { language, mark: mark.trim(), code, line: text.slice(0, index).split('\n').length }));
}

/** Every block of the READMEs of the root and of the packages, with `where` it stands. */
export function readmeBlocks() {
  return readdirSync(root).filter((file) => /^README.*\.md$/.test(file)).concat(packages().map(({ id }) => `packages/${id}/README.md`))
    .filter((file) => existsSync(join(root, file)))
    .flatMap((file) => blocks(readFileSync(join(root, file), 'utf8')).map((block) => ({ ...block, where: `${file}:${block.line}` })));
}

/** The ```ts blocks below the @example tags of a package, with `where` they stand. */
export function exampleBlocks(pkg) {
  return sources(pkg).filter(({ role }) => role === 'src').flatMap(({ path, text }) => (
    [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].filter(([comment]) => comment.includes('@example')).flatMap(({ 0: comment, index }) => {
      const before = text.slice(0, index).split('\n').length - 1;
      const markdown = comment.replace(/\*\/$/, '').replace(/^[ \t]*(\/\*\*|\* ?)/gm, '');
      return blocks(markdown).filter(({ language }) => language === 'ts').map((block) => ({ ...block, where: `${shown(path)}:${before + block.line}` }));
    })));
}
