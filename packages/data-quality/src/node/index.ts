export { DEFAULT_EXTENSIONS, readDocuments, type ReadDocumentsOptions } from './read-documents.ts';
export { documentationFiles, type DocumentationFilesOptions } from './documentation-files.ts';
