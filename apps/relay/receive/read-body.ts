import type { IncomingMessage } from 'node:http';
import { Refusal } from '#protocols/error-body.js';
import { workAtTurnsEnd } from '../loop-turn.js';
import { type BodyMemory, NO_MEMORY } from './body-memory.js';

/** As large as the largest prompts with images are. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;

/**
 * The body as it came. It is read after the key is known to be good, so a stranger cannot make us hold 32 MiB. Its memory
 * is taken as it comes, so that who announces a body and sends none keeps nobody out; one that would not fit is not begun.
 * Whoever serves the request gives it back.
 * @returns undefined when the client left before the end.
 */
export function readBody(
  request: IncomingMessage,
  memory: BodyMemory,
  maxBytes = MAX_BODY_BYTES,
): Promise<Buffer | Refusal | undefined> {
  const told = Number(request.headers['content-length'] ?? 0);
  if (told > maxBytes) return Promise.resolve(tooLarge(maxBytes));
  if (!memory.has(told)) return Promise.resolve(NO_MEMORY);
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    const refuse = (refusal: Refusal) => {
      // The rest is thrown away, as far as it comes in time: the connection's next request stands behind it.
      request.off('data', keep).resume();
      chunks = [];
      resolve(refusal);
    };
    const keep = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) refuse(tooLarge(maxBytes));
      else if (!memory.take(request, chunk.length)) refuse(NO_MEMORY);
      else chunks.push(chunk);
    };
    request.on('data', keep);
    const left = () => resolve(undefined);
    request.on('end', () => {
      request.off('close', left);
      workAtTurnsEnd(() => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    });
    request.on('error', left);
    request.on('close', left);
  });
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal('too_large', `The request body is larger than ${maxBytes} bytes: send less.`);
}
