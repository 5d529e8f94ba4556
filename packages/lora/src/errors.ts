/** Why an adapter was refused; stable across releases. */
export type LoraErrorCode = 'E_TARGETS' | 'E_ADAPTER' | 'E_CONFIG' | 'E_NOT_FINITE' | 'E_NOT_FOUND' | 'E_QUOTA';

/**
 * An adapter that cannot be made, read, attached or merged as asked, with a stable `code` to branch on.
 *
 * @example
 * ```ts
 * import { lora, LoraError } from '@llm/lora';
 * import { useDevice, zeros } from '@llm/tensor';
 * await useDevice('cpu');
 * try {
 *   lora({ layer: { q_proj: { weight: zeros([2, 2]) } } }, { targets: ['query'] });
 * } catch (error) {
 *   if (!(error instanceof LoraError) || error.code !== 'E_TARGETS' || !error.message.includes('q_proj')) throw error;
 * }
 * ```
 */
export class LoraError extends Error {
  override readonly name: string = 'LoraError';
  readonly code: LoraErrorCode;

  constructor(code: LoraErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The first few of a list, for a message. */
export function someOf(items: Iterable<string>, most: number = 12): string {
  const all = [...items];
  return `${all.slice(0, most).join(', ')}${all.length > most ? `, … (${all.length} in all)` : ''}`;
}
