export { loadAdapter, saveAdapter } from './adapter-folder.ts';
