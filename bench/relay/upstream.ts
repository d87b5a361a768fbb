// An upstream that costs as little as it can: one canned answer, or one canned stream, whatever is asked.
import { createServer } from 'node:http';
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

await listen(
  createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (bytes: Buffer) => chunks.push(bytes));
    request.on('end', () => {
      if (Buffer.concat(chunks).includes('"stream":true')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(chunk);
        setImmediate(() => response.end(chunk.repeat(20) + end));
      } else {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
        response.end(answer);
      }
    });
  }),
);
