export { fileAudit, type FileAudit } from './file-audit.ts';
