/**
 * A part of a body: an event, a message, a line, or bytes that are none. The `raw` bytes of all frames, one after
 * another, are the body itself, so a frame can be left out without touching the others.
 */
export interface Frame {
  /** A window of the chunk it came in, where it came in one piece. */
  readonly raw: Buffer;
  /** What the framing calls the event: SSE's `event` field, AWS's `:event-type`; absent when the event has none. */
  readonly type?: string;
  /** What the event carries. Absent when there is nothing to read: comments, blank lines, what was not looked at. */
  readonly data?: Buffer;
  /** The framing itself, not the data, says that this is an error: the error's name. */
  readonly error?: string;
  /** Why these bytes could not be read, as a sentence. It never repeats them. */
  readonly flaw?: string;
}

export type OnFrame = (frame: Frame) => void;

/** Cuts a body into frames as its bytes come. Any split of the same bytes gives the same data, and no bytes make it throw. */
export interface FrameParser {
  push(chunk: Uint8Array): void;
  /** The body is over, or broke off. Called once. */
  end(): void;
}

/** An event larger than this is passed on without being understood: memory stays bounded whatever the upstream sends. */
export const MAX_EVENT_BYTES = 16 * 1024 * 1024;

export const TOO_LONG = 'An event is longer than can be read.';
