import type { Answer } from './decide-answer.js';
import type { Directives } from './directives.js';
import type { SandboxError } from './sandbox-error.js';

/** What the sandbox understands of a request, whichever protocol it came in. */
export interface Ask {
  readonly model: string;
  /** Words of every message and system text: the sandbox's tokens. */
  readonly words: number;
  /** The most tokens that the answer may have, where the request says so. */
  readonly outputLimit?: number;
  readonly tier?: string;
  readonly stream: boolean;
  /** OpenAI only: end the stream with a chunk of usage. */
  readonly includeUsage: boolean;
}

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
