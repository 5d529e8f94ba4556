import type { Command } from '../cli/command.ts';

/** What the steps of a life never are: lives, what talks with a person, and what only looks. */
const NO_STEPS = new Set(['run', 'plan', 'quickstart', 'check', 'init', 'chat', 'compare', 'doctor', 'devices']);

/** The commands that a recipe may name. */
export const stepCommands = (commands: readonly Command[]): readonly Command[] => commands.filter(({ name }) => !NO_STEPS.has(name));
