/** An endpoint that gave no answer: it `refused` (a 4xx status but 408 and 429), or was `unreachable` when the last try failed. */
export class EndpointError extends Error {
  readonly code: 'refused' | 'unreachable';
  readonly status: number | undefined;

  constructor(message: string, { code, status }: { readonly code: 'refused' | 'unreachable'; readonly status?: number | undefined }) {
    super(message);
    this.name = 'EndpointError';
    this.code = code;
    this.status = status;
  }
}
