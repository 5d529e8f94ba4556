export { openTeacherCache, writeTeacherCache, type TeacherCache, type WriteTeacherCacheOptions } from './teacher-cache.ts';
export { TeacherCacheError, type TeacherCacheErrorCode } from './teacher-cache-error.ts';
