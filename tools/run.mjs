// Runs a command and keeps what it printed, so that a check can show it only when it failed.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './workspace.mjs';

/** Resolves to { code, output }, whatever the exit code; code is 124 after `seconds`. */
export function run(command, args, { cwd = root, env = process.env, seconds = 300 } = {}) {
  return new Promise((settle) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let late = false;
    const timer = setTimeout(() => { late = true; child.kill('SIGKILL'); }, seconds * 1000);
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text; });
    child.on('error', (error) => { output += error.message; });
    child.on('close', (code) => {
      clearTimeout(timer);
      settle({ code: late ? 124 : code ?? 1, output: late ? `${output}\nstopped after ${seconds} s` : output });
    });
  });
}

/** A command that came with the root's devDependencies. */
export const tool = (name, args, options) => run(process.execPath, [join(root, 'node_modules', name), ...args], options);
