import { dataDedup } from './data-dedup.mjs';
import { dataFilters } from './data-filters.mjs';

/** What happens to data before training, part by part. */
export const data = { 'data-filters': dataFilters, 'data-dedup': dataDedup };
