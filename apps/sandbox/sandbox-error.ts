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

/** The request's `x-sandbox` header asks for what cannot be done. */
export function directiveRefused(sentence: string, status = 400): SandboxError {
  return new SandboxError(status, `x-sandbox: ${sentence}`, { param: 'x-sandbox', code: 'invalid_directive' });
}
