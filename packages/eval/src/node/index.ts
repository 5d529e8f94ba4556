export { loadLanguage } from './load-language.ts';
export { readDocuments, readTaskDocuments, readTaskFiles } from './read-documents.ts';
export { writeResults } from './write-results.ts';
