import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { SandboxResponse } from './answer-request.js';

/** Sends a response at the pace that was asked for, and stops as soon as the client has left. */
export async function sendResponse(reply: FastifyReply, response: SandboxResponse): Promise<void> {
  if (response.delayMs > 0 && !(await pause(reply.raw, response.delayMs))) return;
  if (response.chunkDelayMs === 0 && response.cutAt === undefined) {
    await reply.code(response.status).headers(response.headers).send(whole(response.chunks));
    return;
  }
  reply.hijack();
  await sendPaced(reply.raw, response);
}

function whole(chunks: SandboxResponse['chunks']): string | Buffer {
  if (chunks.every((chunk) => typeof chunk === 'string')) return chunks.join('');
  return Buffer.concat(chunks.map((chunk) => Buffer.from(chunk)));
}

async function sendPaced(raw: ServerResponse, { status, headers, chunks, chunkDelayMs, cutAt }: SandboxResponse) {
  raw.writeHead(status, headers).flushHeaders();
  let left = cutAt ?? Number.POSITIVE_INFINITY;
  for (const [index, chunk] of chunks.entries()) {
    if (index > 0 && chunkDelayMs > 0 && !(await pause(raw, chunkDelayMs))) return;
    const bytes = Buffer.from(chunk).subarray(0, left);
    // Waiting for each write bounds what is buffered for a slow reader, and tells when there is none any more.
    if (!(await write(raw, bytes))) return;
    left -= bytes.length;
    if (left === 0) {
      raw.destroy();
      return;
    }
  }
  raw.end();
}

/** @returns false when the client left in the meantime. */
async function pause(raw: ServerResponse, ms: number): Promise<boolean> {
  const left = new AbortController();
  const abort = () => left.abort();
  raw.once('close', abort);
  try {
    await wait(ms, undefined, { signal: left.signal });
    return !raw.destroyed;
  } catch (error) {
    if (left.signal.aborted) return false;
    throw error;
  } finally {
    raw.off('close', abort);
  }
}

/** @returns false when the client has left. An empty chunk is nothing to write. */
function write(raw: ServerResponse, bytes: Uint8Array): Promise<boolean> {
  if (raw.destroyed) return Promise.resolve(false);
  if (bytes.length === 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    const left = () => resolve(false);
    raw.once('close', left);
    raw.write(bytes, (error) => {
      raw.off('close', left);
      resolve(error == null);
    });
  });
}
