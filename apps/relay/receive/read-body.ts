import type { IncomingMessage } from 'node:http';
import { Refusal } from '#protocols/error-body.js';

/** As large as the largest prompts with images are. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;

/**
 * The body as it came. It is read after the key is known to be good, so a stranger cannot make us hold 32 MiB.
 * @returns undefined when the client left before the end.
 */
export function readBody(request: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<Buffer | Refusal | undefined> {
  const tooLarge = new Refusal('too_large', `The request body is larger than ${maxBytes} bytes: send less.`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve(tooLarge);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        request.pause();
        resolve(tooLarge);
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined));
  });
}
