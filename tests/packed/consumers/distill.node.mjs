import { openTeacherCache, TeacherCacheError, writeTeacherCache } from '@llm/distill/node';
import { expect } from '../expect.mjs';

const kept = { count: 1, k: 2, temperature: 1, ids: Int32Array.of(3, 4), probs: Float32Array.of(0.5, 0.25, 0.25) };
const cache = await writeTeacherCache('teacher-cache', { key: 'mine', count: 2, sequences: () => [kept, kept].map((each) => ({ kept: each, sums: { rows: 1, tail: 0.25, worstTail: 0.25, spread: 0 } })) });
expect(cache.error.meanTail === 0.25 && (await cache.rows([1])).ids.join() === '3,4', 'what was kept');
expect((await openTeacherCache('teacher-cache', { key: 'mine' })).targets === 2, 'opened again');
expect(await openTeacherCache('teacher-cache', { key: 'other' }).catch((error) => error) instanceof TeacherCacheError, 'of another key');
