import type { Usage } from '#usage/usage.js';
import type { AssistantPart, Citation, TokenLogprob } from './chat-request.js';

/** A model's answer in no protocol's words. */
export interface ChatAnswer {
  readonly id?: string;
  readonly model?: string;
  /** Seconds since 1970. */
  readonly createdAt?: number;
  readonly choices: readonly Choice[];
  /** Read by libs/usage, not by the protocol's own reader. */
  readonly usage?: Usage;
  readonly serviceTier?: string;
}

export interface Choice {
  readonly index: number;
  readonly parts: readonly AssistantPart[];
  readonly stop?: Stop;
}

export interface Stop {
  readonly reason: StopReason;
  /** The stop sequence that was met. */
  readonly sequence?: string;
}

export type StopReason =
  | 'end'
  | 'length'
  | 'stop-sequence'
  | 'tool-calls'
  | 'content-filter'
  /** The model itself declined. */
  | 'refusal'
  /** The provider paused a long turn: the client sends the answer back and it goes on. */
  | 'pause'
  | 'context-exceeded'
  | 'malformed-tool-call';

/**
 * What happens in a streamed answer, in order: start, then for each part its opening, deltas and end, a stop for each
 * choice, usage, end. Parts are numbered from 0 within their choice, and several may be open at once.
 */
export type ChatEvent =
  | { readonly kind: 'start'; readonly id?: string; readonly model?: string; readonly createdAt?: number }
  | { readonly kind: 'part'; readonly choice: number; readonly part: number; readonly opens: OpenedPart }
  | { readonly kind: 'delta'; readonly choice: number; readonly part: number; readonly delta: PartDelta }
  | { readonly kind: 'part-end'; readonly choice: number; readonly part: number }
  | { readonly kind: 'stop'; readonly choice: number; readonly stop: Stop }
  | { readonly kind: 'usage'; readonly usage: Usage; readonly serviceTier?: string }
  | { readonly kind: 'error'; readonly error: ChatError }
  /** The stream ended in good order. A stream that breaks off has no end. */
  | { readonly kind: 'end' };

export type OpenedPart =
  | { readonly kind: 'text' }
  | { readonly kind: 'refusal' }
  | { readonly kind: 'reasoning'; readonly isSummary?: boolean; readonly id?: string; readonly redacted?: string }
  | { readonly kind: 'tool-call'; readonly id: string; readonly name: string; readonly signature?: string }
  /** Comes whole. */
  | (AssistantPart & { readonly kind: 'image' });

/** Each member adds to the part. `text` is text, thought, refusal or a piece of a tool call's arguments. */
export interface PartDelta {
  readonly text?: string;
  readonly signature?: string;
  readonly citation?: Citation;
  readonly logprobs?: readonly TokenLogprob[];
}

/** What an upstream reported, in its words: `message` is the provider's own. */
export interface ChatError {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly param?: string;
  /** The provider's own code, such as `context_length_exceeded`. */
  readonly code?: string;
}

/** Named after what a client can do about it; each has its HTTP status. */
export const errorStatus = {
  invalid_request: 400,
  authentication: 401,
  billing: 402,
  permission: 403,
  not_found: 404,
  timeout: 408,
  conflict: 409,
  too_large: 413,
  rate_limit: 429,
  server: 500,
  overloaded: 503,
} as const;
export type ErrorKind = keyof typeof errorStatus;
