import { DataError } from '../data-error.ts';
import { sleep } from '../sleep.ts';

export interface HubAccess {
  /** Starts with `hf_`; sent to the Hub alone, in a header, and put into no message. */
  readonly accessToken?: string;
  /** Default https://huggingface.co. */
  readonly hubUrl?: string;
  /** Default the global one. */
  readonly fetch?: typeof fetch;
  /** How often a request is tried again after 408, 429, 5xx or a broken connection. Default 5. */
  readonly retries?: number;
  /** Wait before the first of these, doubled for each next one up to 30 s, unless the server says how long. Default 500. */
  readonly retryMilliseconds?: number;
}

export interface HubRequests {
  /** What was asked for, for messages. */
  readonly what: string;
  readonly signal: AbortSignal | undefined;
}

export const DEFAULT_HUB_URL = 'https://huggingface.co';
const MAX_WAIT_MILLISECONDS = 30_000;
/** A server that asks to wait longer than this has refused. */
const MAX_RETRY_AFTER_MILLISECONDS = 300_000;

/** Milliseconds that a Retry-After header asks for: seconds, or a date. */
function retryAfter(header: string | null): number | undefined {
  if (header === null || header === '') return undefined;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** How long to wait before the try with this number, from 0. */
export const backOff = (attempt: number, retryMilliseconds: number): number => Math.min(MAX_WAIT_MILLISECONDS, retryMilliseconds * 2 ** attempt);

const isTransient = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** What an answer that is no success means for who asked. */
function refusal(response: Response, { what }: HubRequests, hubUrl: string): DataError {
  const { status } = response;
  const reason = response.headers.get('x-error-code') ?? '';
  const found = `${status}${/^\w+$/.test(reason) ? ` ${reason}` : ''}`;
  const dataset = what.split('/').slice(0, 5).join('/');
  if (reason === 'GatedRepo') return new DataError('E_HUB_ACCESS', { problem: `readHubDataset: expected a dataset that may be read but found ${found}`, remedy: `Accept its terms at ${hubUrl}/${dataset.replace('hf://', '')} and pass the accessToken of that account.`, file: what });
  if (status === 401) return new DataError('E_HUB_ACCESS', { problem: `readHubDataset: expected a dataset that may be read but found ${found}`, remedy: 'Check the name; for a private or gated dataset pass an accessToken that may read it.', file: what });
  if (status === 403) return new DataError('E_HUB_ACCESS', { problem: `readHubDataset: expected a dataset that may be read but found ${found}`, remedy: 'Use an accessToken that may read this dataset.', file: what });
  if (status === 404) return new DataError('E_NOT_FOUND', { problem: `readHubDataset: expected a dataset, revision and file that exist but found ${found}`, remedy: 'Check the name, the revision and the path; a private dataset needs an accessToken.', file: what });
  return new DataError('E_HUB', { problem: `readHubDataset: expected an answer but found ${found}`, remedy: isTransient(status) ? 'Try again later, or raise retries.' : 'Check hubUrl and the name of the dataset.', file: what });
}

/**
 * A `fetch` for the Hub: tries again after what passes, says what a refusal means, and sends the token to the Hub's own origin only.
 * A range that was asked for must come as that range.
 */
export function hubFetch({ hubUrl = DEFAULT_HUB_URL, fetch: plain = fetch, retries = 5, retryMilliseconds = 500 }: HubAccess, requests: HubRequests): typeof fetch {
  const { origin } = new URL(hubUrl);
  const { signal } = requests;
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init?.headers);
    if (url.origin !== origin) headers.delete('authorization');
    const range = headers.get('range');
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted();
      let wait = backOff(attempt, retryMilliseconds);
      try {
        const response = await plain(url, { ...init, headers, ...(signal ? { signal } : {}) });
        const { status } = response;
        if (response.ok) {
          const answered = response.headers.get('content-range');
          const asked = /^bytes=(\d+)-/.exec(range ?? '')?.[1];
          // The Hub describes a file in JSON instead where that is asked for.
          if (asked === undefined || response.headers.get('content-type')?.includes('xet-fileinfo') || answered?.startsWith(`bytes ${asked}-`)) return response;
          await response.body?.cancel();
          throw new DataError('E_HUB', { problem: `readHubDataset: expected the range ${range} but found ${answered ?? `status ${status} and all of the file`}`, remedy: 'Use a server that answers range requests.', file: requests.what });
        }
        const asked = retryAfter(response.headers.get('retry-after'));
        if (!isTransient(status) || attempt >= retries || (asked ?? 0) > MAX_RETRY_AFTER_MILLISECONDS) {
          await response.body?.cancel();
          throw refusal(response, requests, hubUrl);
        }
        await response.body?.cancel();
        wait = asked ?? wait;
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof DataError) throw error;
        if (attempt >= retries) throw new DataError('E_HUB', { problem: `readHubDataset: expected an answer but found a failed connection, ${attempt + 1} times`, remedy: 'Check the network and hubUrl.', file: requests.what, cause: error });
      }
      await sleep(wait, signal);
    }
  };
}
