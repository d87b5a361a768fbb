/** An answer that is an error: each protocol writes it in its own shape. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';

  constructor(
    readonly status: number,
    message: string,
    /** What OpenAI's error object says beside the message. */
    readonly detail: { readonly param?: string; readonly code?: string } = {},
  ) {
    super(message);
  }
}
