import { EvalError } from '../eval-error.ts';
import type { Doc } from './doc.ts';

export interface HubRowsOptions {
  /** The subset; default `default`. */
  readonly config?: string;
  readonly split: string;
  /** The first so many rows; default all. */
  readonly limit?: number;
  /** Where rows are served; default Hugging Face's viewer. */
  readonly url?: string;
  /** For datasets that ask who reads them; sent to `url` only. */
  readonly token?: string;
  /** Default the global one. */
  readonly fetch?: typeof fetch;
}

interface Page { readonly rows?: readonly { readonly row: Doc }[]; readonly num_rows_total?: number }

// As many as the viewer gives at once.
const PAGE = 100;

/**
 * The rows of a dataset on the Hugging Face Hub, page by page, as its viewer serves them.
 *
 * @throws EvalError E_TASK_DATA for an answer that is no success, or holds no rows.
 *
 * @example
 * ```ts
 * import { hubRows } from '@llm/eval';
 * const fake = async () => new Response(JSON.stringify({ rows: [{ row: { text: 'a page' } }], num_rows_total: 1 }));
 * const [doc] = await hubRows('someone/pages', { split: 'test', fetch: fake });
 * if (doc!.text !== 'a page') throw new Error('one row');
 * ```
 */
export async function hubRows(dataset: string, { config = 'default', split, limit = Infinity, url = 'https://datasets-server.huggingface.co', token, fetch: request = fetch }: HubRowsOptions): Promise<Doc[]> {
  const docs: Doc[] = [];
  for (let total = Infinity; docs.length < Math.min(limit, total);) {
    const query = new URLSearchParams({ dataset, config, split, offset: String(docs.length), length: String(Math.min(PAGE, limit - docs.length)) });
    const response = await request(`${url}/rows?${query}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new EvalError('E_TASK_DATA', `hubRows: expected rows of ${dataset} (${config}, ${split}) but found ${response.status} ${(await response.text()).slice(0, 200)}. Check the names, or give the documents as files.`);
    const { rows = [], num_rows_total: all = docs.length + rows.length } = await response.json() as Page;
    total = all;
    if (rows.length === 0 && docs.length < total) throw new EvalError('E_TASK_DATA', `hubRows: expected ${total} rows of ${dataset} (${config}, ${split}) but found ${docs.length}. Try again, or give the documents as files.`);
    docs.push(...rows.map(({ row }) => row));
  }
  return docs;
}
