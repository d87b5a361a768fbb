// An upstream that costs as little as it can: one canned answer, or one canned stream, at once or slowly.
import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { listen } from './listen.js';

const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
const content = 'a'.repeat(400);
const answer = Buffer.from(
  JSON.stringify({
    id: 'c',
    object: 'chat.completion',
    model: 'gpt-4o',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage,
  }),
);
const event = (message: object) => `data: ${JSON.stringify(message)}\n\n`;
const chunk = event({
  id: 'c',
  object: 'chat.completion.chunk',
  model: 'gpt-4o',
  choices: [{ index: 0, delta: { content: 'word ' }, finish_reason: null }],
});
const end = `${event({ model: 'gpt-4o', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}${event({ model: 'gpt-4o', choices: [], usage })}data: [DONE]\n\n`;

const slowChunks = 20;
const slowChunkMs = 200;

async function streamSlowly(response: ServerResponse): Promise<void> {
  for (let i = 0; i < slowChunks; i += 1) {
    response.write(chunk);
    await delay(slowChunkMs);
  }
  response.end(end);
}

await listen(
  createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (bytes: Buffer) => chunks.push(bytes));
    request.on('end', () => {
      const asked = Buffer.concat(chunks);
      if (asked.includes('"stream":true')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        if (asked.includes('"slow"')) return void streamSlowly(response);
        response.write(chunk);
        setImmediate(() => response.end(chunk.repeat(20) + end));
      } else {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
        response.end(answer);
      }
    });
  }),
);
