export { DEFAULT_EXTENSIONS, readDocuments, type ReadDocumentsOptions } from './read-documents.ts';
export { documentationFiles, type DocumentationFilesOptions } from './documentation-files.ts';
export { unzstd, type UnzstdOptions } from './unzstd.ts';
export { writeDocuments, type WriteDocumentsOptions, type Written } from './write-documents.ts';
