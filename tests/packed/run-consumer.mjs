// Runs in the empty project that tools/check-packed.mjs makes, in plain Node:
//   node run-consumer.mjs wrap @llm/a @llm/b …   puts between the consumers and the installed packages modules that count calls
//   node run-consumer.mjs consumers/a.mjs        runs one consumer and prints as JSON which functions it called
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [task, ...names] = process.argv.slice(2);
const called = globalThis.__called = new Set();
const proxies = new WeakMap();

/** A class of errors is there to be caught, not to be called. */
const isFunction = (value) => typeof value === 'function' && !(value.prototype instanceof Error);
/** A plain object with functions in it, such as a kernel, counts as called when one of them is taken out of it. */
const hasFunctions = (value) => value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype
  && Object.values(value).some(isFunction);

/** The same value, which tells when it is called. One value has one proxy, whatever the subpath it comes from. */
globalThis.__counted = (name, value) => {
  if (!isFunction(value) && !hasFunctions(value)) return value;
  if (!proxies.has(value)) {
    proxies.set(value, new Proxy(value, {
      apply: (target, self, args) => { called.add(name); return Reflect.apply(target, self, args); },
      construct: (target, args) => { called.add(name); return Reflect.construct(target, args); },
      get: (target, key) => {
        if (typeof target === 'object' && isFunction(target[key])) called.add(name);
        return target[key];
      },
    }));
  }
  return proxies.get(value);
};

/** Writes consumers/node_modules/<name>, which has the entries of the installed package; returns its functions. */
async function wrap(name) {
  const installed = join('node_modules', name);
  const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const folder = join('consumers/node_modules', name);
  const functions = [];
  const map = {};
  for (const [subpath, target] of Object.entries(exports).filter(([, { default: file }]) => file !== undefined)) {
    const url = pathToFileURL(join(installed, target.default)).href;
    const module = await import(url);
    // A process or a thread that a function starts for itself counts nothing.
    const lines = Object.keys(module).map((key) => `export const ${key} = globalThis.__counted?.('${name}: ${key}', real.${key}) ?? real.${key};`);
    if (subpath === '.' || subpath === './node') {
      functions.push(...Object.keys(module).filter((key) => isFunction(module[key]) || hasFunctions(module[key])).map((key) => `${name}: ${key}`));
    }
    map[subpath] = target.default;
    mkdirSync(dirname(join(folder, target.default)), { recursive: true });
    writeFileSync(join(folder, target.default), `import * as real from '${url}';\n${lines.join('\n')}\n`);
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, type: 'module', exports: map }));
  return functions;
}

if (task === 'wrap') {
  const functions = [];
  const failures = [];
  for (const name of names) {
    try {
      functions.push(...await wrap(name));
    } catch (error) {
      rmSync(join('consumers/node_modules', name), { recursive: true, force: true });
      failures.push(`${name} does not load in plain Node: ${error.message}`);
    }
  }
  writeFileSync('wrapped.json', JSON.stringify({ functions, failures }));
} else {
  await import(pathToFileURL(task).href);
  writeFileSync(`${task}.called.json`, JSON.stringify([...called]));
}
process.exit();
