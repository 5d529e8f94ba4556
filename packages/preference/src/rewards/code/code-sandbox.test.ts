// Fault case 42: whatever the code does, it scores 0 with a reason, within the limit, and the trainer lives on.
import { afterAll, describe, expect, test } from 'vitest';
import { codeBlock, codeReward } from './code-reward.ts';
import { codeSandbox, type CodeVerdict } from './code-sandbox.ts';

// What a hang takes; anything else has to be done within it on a busy machine too.
const timeoutMs = 1000;
const sandbox = codeSandbox({ timeoutMs });
afterAll(() => sandbox.close());

const cases = [{ args: [2, 3], expected: 5 }, { args: [-1, 1], expected: 0 }];
const grade = (code: string): Promise<CodeVerdict> => sandbox.grade(code, { entry: 'add', cases });
const right = 'function add(a, b) { return a + b; }';

test('right programs score 1, partly right ones their share, wrong ones 0 with the first reason', async () => {
  for (const code of [right, 'const add = (a, b) => a + b; console.log(add(1, 1));', 'async function add(a, b) { await null; return a + b; }', 'class A { static s(a, b) { return a + b; } }\nvar add = A.s']) {
    expect(await grade(code), code).toEqual({ score: 1, passed: 2 });
  }
  expect(await grade('const add = (a, b) => Math.abs(a + b) + (a < 0 ? 1 : 0)')).toEqual({ score: 0.5, passed: 1, reason: 'case 1: expected 0 but found 1' });
  expect(await grade('const add = (a, b) => `${a}${b}`')).toMatchObject({ score: 0, reason: 'case 0: expected 5 but found "23"' });
  expect(await grade('const add = () => NaN')).toMatchObject({ score: 0, reason: 'case 0: expected 5 but found NaN' });
  expect(await grade('const add = () => {}')).toMatchObject({ score: 0, reason: 'case 0: expected 5 but found undefined' });
  expect(await grade('const add = 5')).toMatchObject({ score: 0, reason: 'expected a function add but found number' });
  expect(await grade('def add(a, b): return a + b')).toMatchObject({ score: 0, reason: expect.stringContaining('SyntaxError') });
});

test('values of all kinds are compared by what they are', async () => {
  const echo = (expected: unknown) => sandbox.grade('const f = (x) => x', { entry: 'f', cases: [{ args: [expected], expected }] });
  for (const value of [0.1, 'é\u2028"', null, true, [1, [2, { a: [] }]], { b: 1, a: { c: null } }]) expect(await echo(value)).toEqual({ score: 1, passed: 1 });
  expect(await sandbox.grade('const f = () => 0.1 + 0.2', { entry: 'f', cases: [{ args: [], expected: 0.3 }] })).toMatchObject({ score: 1 });
  expect(await sandbox.grade('const f = () => ({ a: 1, b: 2 })', { entry: 'f', cases: [{ args: [], expected: { a: 1 } }] })).toMatchObject({ score: 0 });
  await expect(sandbox.grade('', { entry: 'f(); g', cases: [] })).rejects.toThrow('grade: expected the name of a function but found "f(); g"');
});

describe('hostile programs score 0 with a reason, within the limit, and the next one runs', () => {
  const hostile: [string, string, RegExp][] = [
    ['an endless loop', 'function add() { for (;;); }', /took longer than/],
    ['an endless loop at the top', 'while (true) {}', /took longer than/],
    ['endless recursion', 'const add = (a, b) => add(b, a)', /stack|InternalError|took longer/],
    ['a memory hog', 'function add() { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); }', /out of memory|took longer/],
    ['one huge array', 'function add() { return new Array(2 ** 31).fill(1); }', /./],
    ['a hang in native code', 'function add() { return new Array(1e9).join("x"); }', /took longer than 1000 ms/],
    ['a regular expression that explodes', 'const add = () => /^(a+)+$/.test("a".repeat(40) + "b")', /took longer than/],
    ['endless turns of promises', 'const add = () => new Promise(() => { const go = () => Promise.resolve().then(go); go(); })', /took longer than|never settles/],
    ['a promise that never settles', 'const add = () => new Promise(() => {})', /never settles/],
    ['a throw', 'function add() { throw new TypeError("no"); }', /TypeError: no/],
    ['a huge result', 'const add = () => "x".repeat(1e6)', /expected a result of at most 100000 bytes/],
    ['files', 'function add() { return require("fs").readFileSync("/etc/passwd", "utf8"); }', /ReferenceError: 'require' is not defined/],
    ['the process', 'function add() { return process.exit(1); }', /ReferenceError: 'process' is not defined/],
    ['the process by the constructor of constructors', 'function add() { return add.constructor("return this.process.env")(); }', /TypeError|ReferenceError/],
    ['the network', 'async function add() { return (await fetch("http://127.0.0.1")).status; }', /ReferenceError: 'fetch' is not defined/],
    ['modules', 'async function add() { return (await import("fs")).readFileSync("/etc/passwd"); }', /./],
    ['timers', 'function add() { setTimeout(() => {}, 1e9); }', /ReferenceError/],
    ['tampering with prototypes', `Object.prototype.toJSON = () => 5; Number.prototype.valueOf = () => 5; Array.prototype.every = () => true; Object.is = () => true;
      JSON.stringify = () => "5"; Array.prototype.push = Array.prototype.map = () => []; function add() { return {}; }`, /case 1: expected 0 but found 5/],
    ['tampering with prototypes of arguments', 'Object.defineProperty(Array.prototype, "length", { get: () => 0 }); Object.prototype.__defineGetter__("expected", () => 1); function add() { return "?"; }', /./],
    ['a getter that hangs when the result is read', 'const add = () => ({ get a() { for (;;); } })', /took longer than/],
    ['a proxy', 'const add = () => new Proxy({}, { ownKeys() { for (;;); } })', /./],
  ];
  test.each(hostile)('%s', async (_, code, reason) => {
    await grade(right);
    const started = performance.now();
    const verdict = await grade(code);
    // A busy machine may be late; thirty seconds is what the hang takes where nobody ends it.
    expect(performance.now() - started).toBeLessThan(timeoutMs + 15_000);
    expect(verdict.score).toBeLessThan(1);
    expect(verdict.reason).toMatch(reason);
    expect(({} as { toJSON?: unknown; expected?: unknown }).toJSON).toBeUndefined();
    expect(await grade(right)).toEqual({ score: 1, passed: 2 });
  });
});

test('several at once wait for each other, and a closed sandbox says so', async () => {
  const own = codeSandbox({ timeoutMs });
  const found = await Promise.all([right, 'for (;;);', right].map((code) => own.grade(code, { entry: 'add', cases })));
  expect(found.map(({ score }) => score)).toEqual([1, 0, 1]);
  await own.close();
  await expect(own.grade(right, { entry: 'add', cases })).rejects.toThrow('terminable: expected an open thread but found a closed one');
});

test('the reward of an answer is that of its last block', async () => {
  expect(codeBlock('a\n```js\nf\n```\nb\n```\ng\n```\n```python\nh\n```')).toBe('g\n');
  expect(codeBlock('f')).toBe('f');
  const seen: CodeVerdict[] = [];
  const reward = codeReward({ sandbox, task: () => ({ entry: 'add', cases }), onVerdict: (verdict) => seen.push(verdict) });
  expect(await reward({ prompt: { ids: [] }, ids: new Int32Array(0), text: `It is\n\`\`\`js\n${right}\n\`\`\`.`, reason: 'eos' })).toBe(1);
  expect(seen).toEqual([{ score: 1, passed: 2 }]);
});
