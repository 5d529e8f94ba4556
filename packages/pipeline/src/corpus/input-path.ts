import { resolve } from 'node:path';

/** Whether a path stands for a dataset on the Hugging Face Hub, which is no place on the disk. */
export const isRemote = (path: string): boolean => path.startsWith('hf://');

/** Where a path that was typed leads; one on the Hub stays as it is. */
export const inputPath = (path: string, cwd: string): string => (isRemote(path) ? path : resolve(cwd, path));
