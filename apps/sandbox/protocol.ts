import type { Answer, Ask } from './decide-answer.js';
import type { Directives } from './directives.js';
import type { SandboxError } from './sandbox-error.js';

/** One provider's wire format: what it accepts, and what it answers. */
export interface Protocol {
  /** The response header that carries the provider's id of the request. */
  readonly requestIdHeader: string;
  /** @throws SandboxError 400 for a request that the provider would refuse. */
  readAsk(body: unknown): Ask;
  writeAnswer(answer: Answer, usage: Directives['usage']): object;
  /** Server-sent events, each complete with its blank line. */
  writeStream(answer: Answer, ask: Ask, usage: Directives['usage']): string[];
  writeError(error: SandboxError, requestId: string): object;
}
