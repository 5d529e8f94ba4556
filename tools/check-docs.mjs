// What the documentation shows is true: every ```ts block of a README or an @example type-checks, runs against the built
// packages and holds what it asserts, and every npm script that a README names exists. A README block runs in a process of
// its own and must end by itself. A block marked ```ts no-run is a fragment: its syntax is checked and no more.
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { transformSync } from 'esbuild';
import { exampleBlocks, readmeBlocks } from './doc-blocks.mjs';
import { run, tool } from './run.mjs';
import { cache, packages, readJson, root } from './workspace.mjs';

const scratch = join(cache, 'docs');

/** Makes every package, and all that packages depend on, importable from the scratch folder. */
function linkPackages(all) {
  rmSync(scratch, { recursive: true, force: true });
  const links = new Map(all.flatMap(({ name, folder, json }) => [
    ...Object.keys({ ...json.dependencies, ...json.devDependencies }).map((key) => [key, join(folder, 'node_modules', key)]), [name, folder]]));
  links.set('@types/node', join(root, 'node_modules/@types/node'));
  for (const [key, target] of links) {
    if (!existsSync(target)) continue;
    mkdirSync(dirname(join(scratch, 'node_modules', key)), { recursive: true });
    symlinkSync(target, join(scratch, 'node_modules', key), 'junction');
  }
}

/** Writes a block as TypeScript and as JavaScript; the path of the latter, or undefined where there is nothing to run. */
function compile({ code, mark, where }, problems) {
  try {
    const javascript = transformSync(code, { loader: 'ts', format: 'esm', target: 'es2022' }).code;
    if (mark.includes('no-run')) return undefined;
    const path = join(scratch, where.replace(/[^\w]+/g, '-'));
    writeFileSync(`${path}.mts`, `${code}\nexport {};\n`);
    writeFileSync(`${path}.mjs`, javascript);
    return `${path}.mjs`;
  } catch (error) {
    problems.push(`${where}: ${error.message}`);
    return undefined;
  }
}

/** What the compiler says of the blocks, one list of messages by file name. */
async function typeCheck() {
  const compilerOptions = { target: 'es2022', lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable'], module: 'nodenext', types: ['node'], strict: true, useUnknownInCatchVariables: false, noEmit: true, skipLibCheck: true };
  writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.mts'] }));
  const { output } = await tool('typescript/bin/tsc', ['-p', scratch, '--pretty', 'false'], { cwd: scratch });
  const found = new Map();
  for (const [, name, message] of output.matchAll(/^([\w-]+)\.mts(\(.*(?:\n .*)*)/gm)) found.set(`${name}.mjs`, [...(found.get(`${name}.mjs`) ?? []), message]);
  return found;
}

// An example whose console.assert fails is wrong, though Node only prints it.
const strict = `console.assert = (good, ...words) => { if (!good) throw new Error(['console.assert failed', ...words].join(' ')); };`;
// One process for the examples of a package: a failure names its file and the others still run.
const runner = `for (const file of process.argv.slice(2)) {
  try { await import(file); } catch (error) { console.log('\\0file ' + file + '\\0' + error); process.exitCode = 1; }
}
process.exit();`;

/** Runs [title, argv] jobs, two at a time, and returns what failed. */
async function runAll(jobs, whereOf) {
  const problems = [];
  const next = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const [title, argv] = job;
      const { code, output } = await run(process.execPath, ['--import', './strict.mjs', ...argv], { cwd: scratch, seconds: 120 });
      const [head, ...failures] = output.split('\0file ');
      for (const failure of failures) {
        const [file, message] = failure.split('\0');
        problems.push(`${whereOf.get(basename(file))}: ${message.trim().slice(0, 400)}`);
      }
      if (code !== 0 && failures.length === 0) problems.push(`${title} failed:\n${head.trim().split('\n').slice(-25).join('\n')}`);
    }
  };
  await Promise.all([next(), next()]);
  return problems;
}

/** The `npm …` commands of shell blocks that name no script of the root. */
function unknownScripts(found) {
  const { scripts } = readJson(join(root, 'package.json'));
  return found.filter(({ language }) => /^(bash|sh|shell|console)$/.test(language))
    .flatMap(({ code, where }) => [...code.matchAll(/npm (?:run )?([\w-]+)/g)].map(([, word]) => ({ word, where })))
    .filter(({ word }) => !/^(install|i|ci|init|exec)$/.test(word) && !(word in scripts))
    .map(({ word, where }) => `${where}: npm ${word} is no script of package.json.`);
}

export async function check() {
  const all = packages();
  linkPackages(all);
  const problems = unknownScripts(readmeBlocks());
  const whereOf = new Map();
  const compileAll = (found) => found.flatMap((block) => {
    const path = compile(block, problems);
    if (path === undefined) return [];
    whereOf.set(basename(path), block.where);
    return [path];
  });
  const readmes = compileAll(readmeBlocks().filter(({ language }) => language === 'ts'));
  const examples = all.map((pkg) => [pkg.name, compileAll(exampleBlocks(pkg))]);
  if (whereOf.size === 0) return { problems };

  const wrong = await typeCheck();
  for (const [file, messages] of wrong) problems.push(...messages.map((message) => `${whereOf.get(file)} ${message}`));
  const right = (path) => !wrong.has(basename(path));
  writeFileSync(join(scratch, 'strict.mjs'), strict);
  writeFileSync(join(scratch, 'run-examples.mjs'), runner);
  const jobs = [
    ...readmes.filter(right).map((path) => [whereOf.get(basename(path)), [path]]),
    ...examples.map(([name, paths]) => [`the @examples of ${name}`, [join(scratch, 'run-examples.mjs'), ...paths.filter(right)]]),
  ];
  problems.push(...await runAll(jobs.filter(([, argv]) => argv.length > 1 || !argv[0].endsWith('run-examples.mjs')), whereOf));
  return { problems, notes: [`${readmes.length} README blocks and ${whereOf.size - readmes.length} examples`] };
}
