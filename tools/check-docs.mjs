// What the documentation says is true: exported functions have a docstring, every ```ts block of a README and of an @example
// runs against the built packages, and every npm script that a README names exists.
// A block marked ```ts no-run is a fragment: its syntax is checked and no more.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformSync } from 'esbuild';
import { run } from './run.mjs';
import { cache, packages, readJson, root, shown, sources, syntax } from './workspace.mjs';

const scratch = join(cache, 'docs');

/** The fenced blocks of a Markdown text as { language, mark, code, line }. */
export function blocks(text) {
  return [...text.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm)].map(({ 1: language, 2: mark, 3: code, index }) => (
    { language, mark: mark.trim(), code, line: text.slice(0, index).split('\n').length }));
}

/** The @example blocks of the doc comments of a source file. */
function examples({ path, text }) {
  return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].filter(([comment]) => comment.includes('@example')).flatMap(({ 0: comment, index }) => {
    const before = text.slice(0, index).split('\n').length - 1;
    const markdown = comment.replace(/^[ \t]*(\/\*\*|\*\/|\* ?)/gm, '').replace(/\*\/$/, '');
    return blocks(markdown).filter(({ language }) => language === 'ts').map((block) => ({ ...block, where: `${shown(path)}:${before + block.line}` }));
  });
}

const isFunction = (node) => node != null && /^(FunctionDeclaration|TSDeclareFunction|ArrowFunctionExpression|FunctionExpression)$/.test(node.type);

/** The exported functions of a file that no doc comment stands above. */
function undocumented(file) {
  const told = new Set();
  return syntax(file).body.flatMap((node) => {
    if (node.type !== 'ExportNamedDeclaration' || node.declaration === null) return [];
    const { declaration } = node;
    const names = isFunction(declaration) ? [declaration.id.name]
      : (declaration.declarations ?? []).filter(({ init }) => isFunction(init)).map(({ id }) => id.name);
    if (file.text.slice(0, node.start).trimEnd().endsWith('*/')) names.forEach((name) => told.add(name));
    return names.filter((name) => !told.has(name)).map((name) => `${shown(file.path)}: ${name} has no docstring.`);
  });
}

/** Writes a block as JavaScript into the scratch folder, or adds to `problems` what its syntax lacks. */
function compile(block, problems) {
  try {
    const { code } = transformSync(block.code, { loader: 'ts', format: 'esm', target: 'es2022' });
    if (block.mark.includes('no-run')) return undefined;
    const path = join(scratch, `${block.where.replace(/[^\w]+/g, '-')}.mjs`);
    writeFileSync(path, code);
    return path;
  } catch (error) {
    problems.push(`${block.where}: ${error.message}`);
    return undefined;
  }
}

/** Makes every package, and all that packages depend on, importable from the scratch folder. */
function linkPackages(all) {
  rmSync(scratch, { recursive: true, force: true });
  for (const { name, folder, json } of all) {
    const wanted = [[name, folder], ...Object.keys({ ...json.dependencies, ...json.devDependencies }).map((key) => [key, join(folder, 'node_modules', key)])];
    for (const [key, target] of wanted) {
      const link = join(scratch, 'node_modules', key);
      if (existsSync(link) || !existsSync(target)) continue;
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(target, link, 'junction');
    }
  }
}

// One process for the examples of a package: a failure names its file and the others still run.
const runner = `for (const file of process.argv.slice(2)) {
  try { await import(file); } catch (error) { console.log('\\0file ' + file + '\\0' + error); process.exitCode = 1; }
}
process.exit();`;

/** Runs [title, argv, whereOf] jobs, two at a time, and adds what fails to `problems`. */
async function runAll(jobs, problems) {
  const next = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const [title, argv, whereOf = new Map()] = job;
      const { code, output } = await run(process.execPath, argv, { cwd: scratch, seconds: 120 });
      const [head, ...failures] = output.split('\0file ');
      for (const failure of failures) {
        const [file, message] = failure.split('\0');
        problems.push(`${whereOf.get(file) ?? file}: ${message.trim().slice(0, 400)}`);
      }
      if (code !== 0 && failures.length === 0) problems.push(`${title} failed:\n${head.trim().split('\n').slice(-25).join('\n')}`);
    }
  };
  await Promise.all([next(), next()]);
}

/** The `npm …` commands of shell blocks that name no script of the root. */
function unknownScripts(where, found) {
  const { scripts } = readJson(join(root, 'package.json'));
  return found.filter(({ language }) => /^(bash|sh|shell|console)$/.test(language)).flatMap(({ code }) => [...code.matchAll(/npm (?:run )?([\w-]+)/g)])
    .map(([, word]) => word).filter((word) => !/^(install|i|ci|init|exec)$/.test(word) && !(word in scripts))
    .map((word) => `${where}: npm ${word} is no script of package.json.`);
}

export async function check() {
  const problems = [];
  const all = packages();
  linkPackages(all);
  const readmes = readdirSync(root).filter((file) => /^README.*\.md$/.test(file)).concat(all.map(({ id }) => `packages/${id}/README.md`))
    .filter((file) => existsSync(join(root, file)));
  const jobs = readmes.flatMap((file) => {
    const found = blocks(readFileSync(join(root, file), 'utf8'));
    problems.push(...unknownScripts(file, found));
    return found.filter(({ language }) => language === 'ts').map((block) => ({ ...block, where: `${file}:${block.line}` }))
      .map((block) => [block.where, compile(block, problems)]).filter(([, path]) => path !== undefined).map(([where, path]) => [where, [path]]);
  });
  const ofReadmes = jobs.length;
  writeFileSync(join(scratch, 'run-examples.mjs'), runner);
  let ofExamples = 0;
  for (const pkg of all) {
    const files = sources(pkg).filter(({ role }) => role === 'src');
    problems.push(...files.flatMap(undocumented));
    const whereOf = new Map(files.flatMap(examples).map((block) => [compile(block, problems), block.where]));
    whereOf.delete(undefined);
    ofExamples += whereOf.size;
    if (whereOf.size > 0) jobs.push([`the @examples of ${pkg.name}`, [join(scratch, 'run-examples.mjs'), ...whereOf.keys()], whereOf]);
  }
  await runAll(jobs, problems);
  return { problems, notes: [`ran ${ofReadmes} README blocks and ${ofExamples} examples`] };
}
