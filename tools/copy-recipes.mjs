// Copies recipes/ into the built package that `llm init` belongs to.
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspace.mjs';

const to = join(root, 'packages/pipeline/dist/recipes');
mkdirSync(to, { recursive: true });
for (const file of readdirSync(join(root, 'recipes'))) if (/\.(?:yaml|mjs)$/.test(file)) cpSync(join(root, 'recipes', file), join(to, file));
